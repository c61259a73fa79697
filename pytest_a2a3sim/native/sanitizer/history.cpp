#include "sanitizer/history.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

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

}  // namespace

History::History(uint64_t begin, uint64_t size)
    : begin_(begin), size_(size), accesses_(1), slots_(kSlots) {
    void* const memory = mmap(nullptr, size * sizeof *states_, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    states_ = static_cast<a2a3_byte_state*>(memory);
    for (Slot& slot : slots_) slot.task = -1;
}

History::~History() { munmap(states_, size_ * sizeof *states_); }

void History::expect(uint64_t begin, uint64_t size) {
    constexpr uint64_t kHugePage = uint64_t{2} << 20;
    const auto first = reinterpret_cast<uint64_t>(states_ + (begin - begin_));
    const uint64_t aligned = (first + kHugePage - 1) / kHugePage * kHugePage;
    const uint64_t end = (first + size * sizeof *states_) / kHugePage * kHugePage;
    if (aligned < end) madvise(reinterpret_cast<void*>(aligned), end - aligned, MADV_HUGEPAGE);
}

void History::start_task(int32_t task) {
    task_ = task;
    first_of_task_ = end();
    first_own_state_ = first_of_task_ << A2A3_STATE_SHIFT;
    used_slots_ = 0;
}

void History::add(uint64_t address, uint64_t size, int32_t mode, const void* code, int32_t buffer,
                  bool is_copied_to) {
    a2a3_byte_state* state = states_ + (address - begin_);
    a2a3_byte_state* const end_of_all = state + size;
    while (state != end_of_all) {
        const a2a3_byte_state from = *state;
        a2a3_byte_state* end = state + 1;
        while (end != end_of_all && *end == from) ++end;
        const a2a3_byte_state to = state_after(from, mode, buffer, is_copied_to);
        if (to != from) {
            const auto count = static_cast<uint64_t>(end - state);
            const uint64_t begin = begin_ + static_cast<uint64_t>(state - states_);
            if (is_own(from)) {
                accesses_[index_of(from)].bytes -= count;
                accesses_[index_of(from)].has_lost = true;
            }
            Access& access = accesses_[index_of(to)];
            access.begin = std::min(access.begin, begin);
            access.end = std::max(access.end, begin + count);
            access.bytes += count;
            const void*& by = writes(mode) ? access.written_by : access.read_by;
            if (by == nullptr) by = code;
            std::fill(state, end, to);
        }
        state = end;
    }
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
    for (uint64_t at = begin; at < end; ++at) {
        a2a3_byte_state& state = states_[at - begin_];
        if (!is_own(state) || accesses_[index_of(state)].is_undefined) continue;
        Access wanted = accesses_[index_of(state)];
        wanted.is_undefined = true;
        --accesses_[index_of(state)].bytes;
        accesses_[index_of(state)].has_lost = true;
        state = find_or_make(wanted);
        Access& access = accesses_[index_of(state)];
        access.begin = std::min(access.begin, at);
        access.end = std::max(access.end, at + 1);
        ++access.bytes;
    }
}

}  // namespace a2a3sim
