#include "orders/change_watch.h"

#include <algorithm>
#include <cstring>

namespace a2a3sim {

namespace {

/// Bytes that are compared in all: each of a thousand tiles of one buffer would be compared with
/// all that follow.
constexpr size_t kMostInFull = size_t{8} << 20;
constexpr size_t kMost = size_t{64} << 20;

constexpr size_t kMostChanges = size_t{1} << 16;
constexpr size_t kBlock = 64;
constexpr size_t kGap = 16;  // what is as near as that to a change counts as changed, too

/// All that a touch may lead to, or what lies before the next one.
uintptr_t end_of(const Touch& touch, bool in_full) { return in_full ? touch.end : touch.next; }

size_t bytes_to_compare(const std::vector<SharedBuffer>& buffers, bool in_full) {
    size_t sum = 0;
    for (const SharedBuffer& buffer : buffers) {
        for (const Touch& touch : buffer.touches) {
            sum += end_of(touch, in_full && !buffer.is_same) - touch.begin;
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
    for (size_t place = 0; place < buffers.size(); ++place) {
        const DeviceBuffer& buffer = memory.buffer(buffers[place].index);
        const bool whole = in_full && !buffers[place].is_same;
        Copy& copy = copies_.emplace_back(Copy{buffer.begin, buffer.size, !whole,
                                               std::unique_ptr<char[]>(new char[buffer.size])});
        std::memcpy(copy.bytes.get(), reinterpret_cast<const void*>(buffer.begin), buffer.size);
        for (const Touch& touch : buffers[place].touches) {
            const Span span{touch.begin, end_of(touch, whole)};
            watched_[static_cast<size_t>(touch.task)].push_back({place, span});
        }
    }
}

bool ChangeWatch::has_seen_all() const {
    if (!is_complete_ || has_seen_part_) return false;
    return std::all_of(copies_.begin(), copies_.end(), [](const Copy& copy) {
        return std::memcmp(copy.bytes.get(), reinterpret_cast<const void*>(copy.begin),
                           copy.size) == 0;
    });
}

void ChangeWatch::after_task(int32_t id, const Kernel&, int64_t*) {
    if (!is_complete_) return;
    for (const Watched& each : watched_[static_cast<size_t>(id)]) {
        compare(changes_[static_cast<size_t>(id)], each);
    }
}

void ChangeWatch::compare(std::vector<Change>& changes, const Watched& watched) {
    const Copy& copy = copies_[watched.buffer];
    char* const before = copy.bytes.get() - copy.begin;
    for (uintptr_t at = watched.span.begin; at < watched.span.end; at += kBlock) {
        const size_t size = std::min(kBlock, watched.span.end - at);
        const char* const now = reinterpret_cast<const char*>(at);
        char* const was = before + at;
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
