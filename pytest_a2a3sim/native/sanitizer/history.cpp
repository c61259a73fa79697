#include "sanitizer/history.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

#include "base/memory.h"

namespace a2a3sim {

namespace {

constexpr size_t kSlots = 1024;                    // a power of two
constexpr size_t kMostAccesses = size_t{1} << 29;  // a state is a positive int32_t

uint8_t with_mode(uint8_t modes, int32_t mode) {
    constexpr int kPlain = A2A3_MODE_READ | A2A3_MODE_WRITE;
    switch (mode) {
        case A2A3_MODE_READ:  // after a write of the same task, it tells nothing
            return static_cast<uint8_t>((modes & kPlain) != 0 ? modes : modes | mode);
        case A2A3_MODE_ATOMIC_LOAD:
            return static_cast<uint8_t>((modes & kPlain) != 0 ? modes : modes | mode);
        case A2A3_MODE_ATOMIC_CONDITIONAL:  // the load before it is a part of it
            return static_cast<uint8_t>((modes & ~A2A3_MODE_ATOMIC_LOAD) | A2A3_MODE_ATOMIC_ADD);
        default:
            return static_cast<uint8_t>(modes | mode);
    }
}

a2a3_byte_state state_of(size_t index, uint8_t modes) {
    a2a3_byte_state state = static_cast<a2a3_byte_state>(index) << A2A3_STATE_SHIFT;
    if ((modes & (A2A3_MODE_READ | A2A3_MODE_WRITE)) != 0) state |= A2A3_STATE_READ;
    if ((modes & A2A3_MODE_WRITE) != 0) state |= A2A3_STATE_WRITTEN;
    return state;
}

bool writes(int32_t mode) { return (mode & ~(A2A3_MODE_READ | A2A3_MODE_ATOMIC_LOAD)) != 0; }

/// What tells a task's accesses apart: after one and the same access all bytes are of one buffer.
uint64_t key_of(const Access& access) {
    const uint64_t place = access.before != 0
                               ? access.before
                               : uint64_t{1} << 32 | static_cast<uint32_t>(access.buffer);
    return place << 8 | uint64_t{access.is_undefined} << 6 | uint64_t{access.is_copied_to} << 5 |
           access.modes;
}

/// Zeros that take memory when they are written.
void* map(size_t size) {
    void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    return memory;
}

size_t count_granules(uint64_t size) { return size / A2A3_GRANULE + 1; }

}  // namespace

History::History(uint64_t begin, uint64_t size)
    : begin_(begin), size_(size), accesses_(1), slots_(kSlots) {
    granules_ = static_cast<a2a3_byte_state*>(map(count_granules(size) * sizeof *granules_));
    bytes_ =
        static_cast<a2a3_byte_state*>(map(count_granules(size) * A2A3_GRANULE * sizeof *bytes_));
    for (Slot& slot : slots_) slot.task = -1;
}

History::~History() {
    munmap(granules_, count_granules(size_) * sizeof *granules_);
    munmap(bytes_, count_granules(size_) * A2A3_GRANULE * sizeof *bytes_);
}

void History::expect(uint64_t begin, uint64_t size) {
    const a2a3_byte_state* const states = granules_ + ((begin - begin_) >> A2A3_GRANULE_SHIFT);
    const auto first = reinterpret_cast<uint64_t>(states);
    const uint64_t aligned = round_up(first, kHugePage);
    const uint64_t end = (first + size / A2A3_GRANULE * sizeof *states) / kHugePage * kHugePage;
    if (aligned < end) madvise(reinterpret_cast<void*>(aligned), end - aligned, MADV_HUGEPAGE);
}

void History::start_task(int32_t task) {
    task_ = task;
    first_of_task_ = end();
    first_own_state_ = first_of_task_ << A2A3_STATE_SHIFT;
    used_slots_ = 0;
    for (Step& step : steps_) step = {};
}

void History::add(uint64_t address, uint64_t size, int32_t mode, const void* code, int32_t buffer,
                  bool is_copied_to) {
    uint64_t offset = address - begin_;
    last_from_ = A2A3_MIXED;
    while (size > 0) {
        const uint64_t part = std::min<uint64_t>(size, A2A3_GRANULE - offset % A2A3_GRANULE);
        add_in_granule(offset, part, mode, code, buffer, is_copied_to);
        offset += part;
        size -= part;
    }
}

void History::add_in_granule(uint64_t offset, uint64_t size, int32_t mode, const void* code,
                             int32_t buffer, bool is_copied_to) {
    const uint64_t granule = offset >> A2A3_GRANULE_SHIFT;
    const a2a3_byte_state whole = granules_[granule];
    if (whole != A2A3_MIXED) {
        const a2a3_byte_state to = step(whole, mode, buffer, is_copied_to);
        if (to == whole) return;
        if (size == A2A3_GRANULE) {
            last_from_ = whole;
            change(offset, size, whole, to, mode, code);
            granules_[granule] = to;
            return;
        }
        split(granule);
    }
    const uint64_t end_of_all = offset + size;
    while (offset < end_of_all) {
        const a2a3_byte_state from = bytes_[offset];
        uint64_t end = offset + 1;
        while (end < end_of_all && bytes_[end] == from) ++end;
        const a2a3_byte_state to = step(from, mode, buffer, is_copied_to);
        if (to != from) {
            change(offset, end - offset, from, to, mode, code);
            std::fill(bytes_ + offset, bytes_ + end, to);
        }
        offset = end;
    }
    join(granule);
}

void History::change(uint64_t offset, uint64_t size, a2a3_byte_state from, a2a3_byte_state to,
                     int32_t mode, const void* code) {
    if (is_own(from)) {
        accesses_[index_of(from)].bytes -= size;
        accesses_[index_of(from)].has_lost = true;
    }
    Access& access = accesses_[index_of(to)];
    const uint64_t begin = begin_ + offset;
    access.begin = std::min(access.begin, begin);
    access.end = std::max(access.end, begin + size);
    access.bytes += size;
    const void*& by = writes(mode) ? access.written_by : access.read_by;
    if (by == nullptr) by = code;
}

void History::set_shortcut(a2a3_shortcut& shortcut, uint64_t address, uint64_t begin,
                           uint64_t end) {
    if (last_from_ == A2A3_MIXED) return;
    settle(shortcut);
    const uint64_t offset = address - begin_;
    const uint64_t window = offset / A2A3_WINDOW * A2A3_WINDOW;
    shortcut.from = last_from_;
    shortcut.to = granules_[offset >> A2A3_GRANULE_SHIFT];
    shortcut.begin = std::max(window, round_up(begin - begin_, A2A3_GRANULE));
    shortcut.end = std::min(window + A2A3_WINDOW, (end - begin_) / A2A3_GRANULE * A2A3_GRANULE);
}

void History::settle(a2a3_shortcut& shortcut) {
    if (shortcut.granules > 0) {
        const uint64_t bytes = shortcut.granules * A2A3_GRANULE;
        if (is_own(shortcut.from)) {
            accesses_[index_of(shortcut.from)].bytes -= bytes;
            accesses_[index_of(shortcut.from)].has_lost = true;
        }
        Access& access = accesses_[index_of(shortcut.to)];
        access.bytes += bytes;
        access.begin = std::min(access.begin, begin_ + shortcut.lowest);
        access.end = std::max(access.end, begin_ + shortcut.highest + A2A3_GRANULE);
    }
    shortcut = {};
    shortcut.lowest = UINT64_MAX;
}

void History::split(uint64_t granule) {
    std::fill_n(bytes_ + (granule << A2A3_GRANULE_SHIFT), static_cast<size_t>(A2A3_GRANULE),
                granules_[granule]);
    granules_[granule] = A2A3_MIXED;
}

void History::join(uint64_t granule) {
    const a2a3_byte_state* const first = bytes_ + (granule << A2A3_GRANULE_SHIFT);
    a2a3_byte_state differs = 0;
    for (int i = 1; i < A2A3_GRANULE; ++i) differs |= first[i] ^ first[0];
    if (differs == 0) granules_[granule] = *first;
}

a2a3_byte_state History::step(a2a3_byte_state from, int32_t mode, int32_t buffer,
                              bool is_copied_to) {
    Step& known = steps_[(index_of(from) + static_cast<uint32_t>(buffer + mode)) % kSteps];
    if (from != known.from || mode != known.mode || buffer != known.buffer ||
        is_copied_to != known.is_copied_to || known.to == 0) {
        known = {from, state_after(from, mode, buffer, is_copied_to), mode, buffer, is_copied_to};
    }
    return known.to;
}

uint64_t History::skip_written(uint64_t address, uint64_t end) const {
    while (address < end) {
        const uint64_t offset = address - begin_;
        const a2a3_byte_state whole = granules_[offset >> A2A3_GRANULE_SHIFT];
        const a2a3_byte_state state = whole == A2A3_MIXED ? bytes_[offset] : whole;
        if (!is_own(state) || (state & A2A3_STATE_WRITTEN) == 0) return address;
        address += whole == A2A3_MIXED ? 1 : A2A3_GRANULE - offset % A2A3_GRANULE;
    }
    return end;
}

a2a3_byte_state History::state_after(a2a3_byte_state from, int32_t mode, int32_t buffer,
                                     bool is_copied_to) {
    Access wanted{};
    wanted.task = task_;
    wanted.buffer = buffer;
    if (is_own(from)) {
        const Access& access = accesses_[index_of(from)];
        const uint8_t modes = with_mode(access.modes, mode);
        if (modes == access.modes) return from;
        wanted = access;
        wanted.modes = modes;
    } else {
        const uint32_t before = buffer == kOutside ? 0 : index_of(from);
        wanted.before = before;
        if (before != 0) {
            wanted.previous_writer =
                accesses_[before].writes() ? before : accesses_[before].previous_writer;
        }
        wanted.is_copied_to = before != 0 ? accesses_[before].is_copied_to : is_copied_to;
        wanted.modes = with_mode(0, mode);
    }
    return find_or_make(wanted);
}

a2a3_byte_state History::find_or_make(const Access& wanted) {
    const uint64_t key = key_of(wanted);
    Slot& slot = slot_of(key);
    if (slot.task == task_) return slot.state;
    if (accesses_.size() >= kMostAccesses) throw std::bad_alloc();
    slot = Slot{key, task_, state_of(accesses_.size(), wanted.modes)};
    const a2a3_byte_state made = slot.state;
    accesses_.push_back(wanted);
    Access& access = accesses_.back();
    access.begin = UINT64_MAX;
    access.end = 0;
    access.bytes = 0;
    access.has_lost = false;
    if (2 * ++used_slots_ > slots_.size()) grow();
    return made;
}

History::Slot& History::slot_of(uint64_t key) {
    // Slots of earlier tasks are free ones.
    size_t index = key * 0x9e3779b97f4a7c15 >> 32;
    for (;; ++index) {
        Slot& slot = slots_[index & (slots_.size() - 1)];
        if (slot.task != task_ || slot.key == key) return slot;
    }
}

void History::grow() {
    const std::vector<Slot> old = std::move(slots_);
    slots_.assign(2 * old.size(), Slot{0, -1, 0});
    for (const Slot& slot : old) {
        if (slot.task == task_) slot_of(slot.key) = slot;
    }
}

void History::settle(uint32_t index) {
    Access& access = accesses_[index];
    if (!access.has_lost || access.bytes == 0) return;
    uint64_t first = 0;
    uint64_t last = 0;
    for_each_range(index, [&](uint64_t begin, uint64_t end) {
        if (first == 0) first = begin;
        last = end;
    });
    access.begin = first;
    access.end = last;
    access.has_lost = false;
}

void History::mark_undefined(uint64_t begin, uint64_t end) {
    for (uint64_t offset = begin - begin_; offset < end - begin_; ++offset) {
        const a2a3_byte_state from = state_at(offset);
        if (!is_own(from) || accesses_[index_of(from)].is_undefined) continue;
        Access wanted = accesses_[index_of(from)];
        wanted.is_undefined = true;
        const a2a3_byte_state to = find_or_make(wanted);
        change(offset, 1, from, to, A2A3_MODE_WRITE, wanted.written_by);
        const uint64_t granule = offset >> A2A3_GRANULE_SHIFT;
        if (granules_[granule] != A2A3_MIXED) split(granule);
        bytes_[offset] = to;
        join(granule);
    }
}

}  // namespace a2a3sim
