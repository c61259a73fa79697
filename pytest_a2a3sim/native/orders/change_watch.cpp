#include "orders/change_watch.h"

#include <algorithm>
#include <cstring>

namespace a2a3sim {

namespace {

/// Bytes that are compared in all. Beyond the first bound a task is taken to write no further than
/// to the next address that a task has got: each of a thousand tiles of one buffer would be
/// compared with all that follow.
constexpr size_t kMostInFull = size_t{8} << 20;
constexpr size_t kMost = size_t{64} << 20;

constexpr size_t kMostChanges = size_t{1} << 16;
constexpr size_t kBlock = 64;
constexpr size_t kGap = 16;  // what is as near as that to a change counts as changed, too

template <typename End>
size_t bytes_to_compare(const std::vector<SharedBuffer>& buffers, End end_of) {
    size_t sum = 0;
    for (const SharedBuffer& buffer : buffers) {
        for (const Touch& touch : buffer.touches) sum += end_of(touch) - touch.begin;
    }
    return sum;
}

}  // namespace

ChangeWatch::ChangeWatch(const std::vector<SharedBuffer>& buffers, size_t task_count,
                         const DeviceMemory& memory)
    : watched_(task_count), changes_(task_count) {
    const auto full_end = [](const Touch& touch) { return touch.end; };
    const auto near_end = [](const Touch& touch) { return touch.next; };
    const bool in_full = bytes_to_compare(buffers, full_end) <= kMostInFull;
    if (!in_full && bytes_to_compare(buffers, near_end) > kMost) {
        is_complete_ = false;
        return;
    }
    for (size_t place = 0; place < buffers.size(); ++place) {
        const DeviceBuffer& buffer = memory.buffer(buffers[place].index);
        Copy& copy = copies_.emplace_back();
        copy.begin = buffer.begin;
        copy.bytes.reset(new char[buffer.size]);  // not zeroed: it is overwritten
        std::memcpy(copy.bytes.get(), reinterpret_cast<const void*>(buffer.begin), buffer.size);
        for (const Touch& touch : buffers[place].touches) {
            const Span span{touch.begin, in_full ? touch.end : touch.next};
            watched_[static_cast<size_t>(touch.task)].push_back({place, span});
        }
    }
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
