#include "sanitizer/device_map.h"

#include <algorithm>

namespace a2a3sim {

DeviceMap::DeviceMap(const DeviceMemory& memory, std::vector<DeviceCopy> copies)
    : memory_(memory), copies_(std::move(copies)) {
    std::vector<Range> ranges;
    for (const DeviceCopy& copy : copies_) {
        if (copy.to_device) ranges.push_back({copy.begin, copy.begin + copy.size});
    }
    std::sort(ranges.begin(), ranges.end(),
              [](const Range& a, const Range& b) { return a.begin < b.begin; });
    for (const Range& range : ranges) {
        if (!copied_to_.empty() && range.begin <= copied_to_.back().end) {
            copied_to_.back().end = std::max(copied_to_.back().end, range.end);
        } else {
            copied_to_.push_back(range);
        }
    }
}

DeviceMap::Span DeviceMap::span_at(uint64_t address) const {
    const SharedTable<DeviceBuffer>& buffers = memory_.buffers();
    const ptrdiff_t index = memory_.find(address);
    const auto next = static_cast<size_t>(index + 1);
    const uint64_t behind = next < buffers.size() ? buffers[next].begin : UINT64_MAX;
    if (index < 0) return {0, behind, History::kOutside, false};
    const DeviceBuffer& buffer = buffers[static_cast<size_t>(index)];
    if (address >= buffer.end()) return {buffer.end(), behind, History::kOutside, false};
    if (buffer.live == 0) return {buffer.begin, buffer.end(), History::kOutside, false};
    Span span{buffer.begin, buffer.end(), static_cast<int32_t>(index), false};
    const auto after =
        std::upper_bound(copied_to_.begin(), copied_to_.end(), address,
                         [](uint64_t value, const Range& range) { return value < range.begin; });
    if (after != copied_to_.end()) span.end = std::min(span.end, after->begin);
    if (after == copied_to_.begin()) return span;
    const Range& before = *(after - 1);
    span.is_copied_to = address < before.end;
    if (span.is_copied_to) {
        span.begin = std::max(span.begin, before.begin);
        span.end = std::min(span.end, before.end);
    } else {
        span.begin = std::max(span.begin, before.end);
    }
    return span;
}

bool DeviceMap::is_freed(uint64_t address) const {
    const ptrdiff_t index = memory_.find(address);
    if (index < 0) return false;
    const DeviceBuffer& buffer = memory_.buffers()[static_cast<size_t>(index)];
    return buffer.live == 0 && address < buffer.end();
}

int32_t DeviceMap::tensor_at(uint64_t address, uint64_t& offset) const {
    for (const bool to_device : {true, false}) {
        for (const DeviceCopy& copy : copies_) {
            if (copy.tensor >= 0 && copy.to_device == to_device &&
                address - copy.begin < copy.size) {
                offset = copy.offset + (address - copy.begin);
                return copy.tensor;
            }
        }
    }
    offset = 0;
    return -1;
}

}  // namespace a2a3sim
