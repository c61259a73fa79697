#include "orders/saved_memory.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace a2a3sim {

namespace {

/// A table of addresses is smaller.
constexpr size_t kMostOfTable = size_t{64} << 10;

/// Where a buffer and the bytes that belong to it alone begin, and how many they are.
std::pair<char*, size_t> extent(const DeviceBuffer& buffer) {
    if (buffer.pages != 0) return {reinterpret_cast<char*>(buffer.pages), buffer.mapped_size};
    constexpr size_t kUnit = DeviceMemory::kAlignment;
    const size_t rounded = (buffer.size + kUnit - 1) / kUnit * kUnit;
    return {reinterpret_cast<char*>(buffer.begin), rounded + kUnit};
}

}  // namespace

SavedDeviceMemory::SavedDeviceMemory(const DeviceMemory& memory) : memory_(memory) {
    size_t size = 0;
    for (size_t index = 0; index < memory.buffer_count(); ++index) {
        const DeviceBuffer& buffer = memory.buffer(index);
        if (buffer.live == 0) continue;
        if (buffer.content == kPoison) {
            painted_.push_back(index);
        } else {
            const auto [begin, bytes] = extent(buffer);
            ranges_.push_back({index, begin, bytes, size});
            size += bytes;
        }
    }
    bytes_.reset(new char[size]);  // not zeroed: every page would be touched twice
    for (const Range& range : ranges_) {
        std::memcpy(bytes_.get() + range.offset, range.begin, range.size);
    }
}

void SavedDeviceMemory::restore() const {
    for (const size_t index : painted_) memory_.paint(index);
    for (const Range& range : ranges_) {
        std::memcpy(range.begin, bytes_.get() + range.offset, range.size);
    }
}

bool SavedDeviceMemory::is_unchanged(size_t index) const {
    const auto range =
        std::lower_bound(ranges_.begin(), ranges_.end(), index,
                         [](const Range& each, size_t buffer) { return each.buffer < buffer; });
    return range != ranges_.end() && range->buffer == index &&
           std::memcmp(range->begin, bytes_.get() + range->offset, range->size) == 0;
}

bool SavedDeviceMemory::holds_addresses() const {
    for (const Range& range : ranges_) {
        const DeviceBuffer& buffer = memory_.buffer(range.buffer);
        if (buffer.size > kMostOfTable) continue;
        const char* const saved =
            bytes_.get() + range.offset + (buffer.begin - reinterpret_cast<uintptr_t>(range.begin));
        for (size_t at = 0; at + sizeof(uint64_t) <= buffer.size; at += sizeof(uint64_t)) {
            uint64_t value = 0;
            std::memcpy(&value, saved + at, sizeof value);
            if (!memory_.contains(value)) continue;
            const ptrdiff_t found = memory_.find(value);
            if (found >= 0 && value < memory_.buffer(static_cast<size_t>(found)).end()) return true;
        }
    }
    return false;
}

size_t SavedDeviceMemory::size_of(const DeviceMemory& memory) {
    size_t size = 0;
    for (size_t index = 0; index < memory.buffer_count(); ++index) {
        const DeviceBuffer& buffer = memory.buffer(index);
        if (buffer.live != 0) size += extent(buffer).second;
    }
    return size;
}

}  // namespace a2a3sim
