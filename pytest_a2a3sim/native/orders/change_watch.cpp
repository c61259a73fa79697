#include "orders/change_watch.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "base/memory.h"

namespace a2a3sim {

namespace {

/// Bytes that are compared in all: each of a thousand tiles of one buffer would be compared with
/// all that follow.
constexpr size_t kMostInFull = size_t{8} << 20;
constexpr size_t kMost = size_t{64} << 20;

constexpr size_t kMostChanges = size_t{1} << 16;
constexpr size_t kBlock = 64;
constexpr size_t kGap = 16;  // what is as near as that to a change counts as changed, too

/// So many bytes at either end of a long stretch are digested.
constexpr uintptr_t kMostAtEnds = uintptr_t{4} << 10;

/// So many bytes in front of an address are looked at: loops may run backwards.
constexpr uintptr_t kInFront = uintptr_t{4} << 10;

uintptr_t begin_of(const Touch& touch) {
    return std::max(touch.previous, touch.begin - std::min(touch.begin, kInFront));
}

/// All that a touch may lead to, or what lies before the next one.
uintptr_t end_of(const Touch& touch, bool in_full) { return in_full ? touch.end : touch.next; }

/// Fletcher's sums, of words of 64 bits: of the words, and of these sums. Of many bytes, the first
/// and the last ones count: a task that writes there is not likely to leave both out.
uint64_t digest_of(Span span) {
    if (span.end - span.begin > 2 * kMostAtEnds) {
        return digest_of({span.begin, span.begin + kMostAtEnds}) ^
               ~digest_of({span.end - kMostAtEnds, span.end});
    }
    uint64_t sum = 0;
    uint64_t sum_of_sums = 0;
    for (uintptr_t at = span.begin; at < span.end; at += sizeof(uint64_t)) {
        uint64_t word = 0;
        std::memcpy(&word, reinterpret_cast<const void*>(at), std::min(sizeof word, span.end - at));
        sum += word;
        sum_of_sums += sum;
    }
    return sum ^ (sum_of_sums << 32 | sum_of_sums >> 32);
}

size_t bytes_to_compare(const std::vector<SharedBuffer>& buffers, bool in_full) {
    size_t sum = 0;
    for (const SharedBuffer& buffer : buffers) {
        for (const Touch& touch : buffer.touches) {
            sum += end_of(touch, in_full && !buffer.is_same) - begin_of(touch);
        }
    }
    return sum;
}

}  // namespace

ChangeWatch::ChangeWatch(const std::vector<SharedBuffer>& buffers, size_t task_count,
                         const DeviceMemory& memory)
    : watched_(task_count), changes_(task_count) {
    const bool in_full = bytes_to_compare(buffers, true) <= kMostInFull;
    if (!in_full && bytes_to_compare(buffers, false) > kMost) {
        is_complete_ = false;
        return;
    }
    size_t copied = 0;
    for (const SharedBuffer& buffer : buffers) {
        if (!buffer.is_same) copied += memory.buffer(buffer.index).size;
    }
    bytes_ = present_bytes(copied);
    char* next = bytes_.get();
    for (size_t place = 0; place < buffers.size(); ++place) {
        const DeviceBuffer& buffer = memory.buffer(buffers[place].index);
        const bool is_same = buffers[place].is_same;
        copies_.push_back(
            Copy{buffer.begin, buffer.size, is_same || !in_full, is_same ? nullptr : next});
        if (is_same) {
            watch_cells(place, buffers[place]);
        } else {
            watch(place, buffers[place], in_full);
            next += buffer.size;
        }
    }
}

void ChangeWatch::watch(size_t place, const SharedBuffer& buffer, bool in_full) {
    const Copy& copy = copies_[place];
    std::memcpy(copy.bytes, reinterpret_cast<const void*>(copy.begin), copy.size);
    for (const Touch& touch : buffer.touches) {
        watched_[static_cast<size_t>(touch.task)].push_back(
            {place, {begin_of(touch), end_of(touch, in_full)}, kNoCell});
    }
}

void ChangeWatch::watch_cells(size_t place, const SharedBuffer& buffer) {
    std::unordered_map<uintptr_t, size_t> cells;  // by where they begin
    for (const Touch& touch : buffer.touches) {
        const Span span{touch.begin, touch.next};
        const auto [cell, is_new] = cells.try_emplace(touch.begin, cells_.size());
        if (is_new) cells_.push_back({span, digest_of(span)});
        watched_[static_cast<size_t>(touch.task)].push_back({place, span, cell->second});
    }
}

bool ChangeWatch::has_seen_all() const {
    if (!is_complete_ || has_seen_part_) return false;
    return std::all_of(copies_.begin(), copies_.end(), [](const Copy& copy) {
        return copy.bytes == nullptr ||
               std::memcmp(copy.bytes, reinterpret_cast<const void*>(copy.begin), copy.size) == 0;
    });
}

void ChangeWatch::after_task(int32_t id, const Kernel&, int64_t*) {
    if (!is_complete_) return;
    for (const Watched& each : watched_[static_cast<size_t>(id)]) {
        compare(changes_[static_cast<size_t>(id)], each);
    }
}

void ChangeWatch::compare(std::vector<Change>& changes, const Watched& watched) {
    if (watched.cell != kNoCell) {
        Cell& cell = cells_[watched.cell];
        const uint64_t digest = digest_of(cell.span);
        if (std::exchange(cell.digest, digest) != digest) note(changes, watched.buffer, cell.span);
        return;
    }
    const Copy& copy = copies_[watched.buffer];
    for (uintptr_t at = watched.span.begin; at < watched.span.end; at += kBlock) {
        const size_t size = std::min(kBlock, watched.span.end - at);
        const char* const now = reinterpret_cast<const char*>(at);
        char* const was = copy.bytes + (at - copy.begin);
        if (std::memcmp(now, was, size) == 0) continue;
        size_t first = 0;
        while (now[first] == was[first]) ++first;
        size_t end = size;
        while (now[end - 1] == was[end - 1]) --end;
        std::memcpy(was + first, now + first, end - first);
        note(changes, watched.buffer, {at + first, at + end});
    }
}

void ChangeWatch::note(std::vector<Change>& changes, size_t buffer, Span span) {
    has_seen_part_ |= copies_[buffer].is_seen_in_part;
    if (!changes.empty()) {
        Change& last = changes.back();
        if (last.buffer == buffer && span.begin >= last.span.begin &&
            span.begin <= last.span.end + kGap) {
            last.span.end = std::max(last.span.end, span.end);
            return;
        }
    }
    changes.push_back({buffer, span});
    if (++change_count_ > kMostChanges) is_complete_ = false;
}

}  // namespace a2a3sim
