#include "orders/saved_memory.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>
#include <utility>

#include "base/memory.h"

namespace a2a3sim {

namespace {

/// Where a buffer and the bytes that belong to it alone begin, and how many they are.
std::pair<char*, size_t> extent(const DeviceBuffer& buffer) {
    if (buffer.pages != 0) return {reinterpret_cast<char*>(buffer.pages), buffer.mapped_size};
    constexpr size_t kUnit = DeviceMemory::kAlignment;
    const size_t rounded = (buffer.size + kUnit - 1) / kUnit * kUnit;
    return {reinterpret_cast<char*>(buffer.begin), rounded + kUnit};
}

/// Inputs of the host that were copied to a whole buffer last, by where that begins.
class Inputs {
  public:
    Inputs(const std::vector<HostTensor>& tensors, const std::vector<DeviceCopy>& copies)
        : tensors_(tensors) {
        for (const DeviceCopy& copy : copies) {
            if (copy.to_device && copy.tensor >= 0) copies_[copy.begin] = &copy;
        }
    }

    /// Where the host has what the buffer holds; nullptr: nowhere.
    const char* find(const DeviceBuffer& buffer) const {
        const auto found = copies_.find(buffer.begin);
        if (found == copies_.end() || found->second->size != buffer.size) return nullptr;
        const HostTensor& tensor = tensors_[static_cast<size_t>(found->second->tensor)];
        const char* const data = tensor.data + found->second->offset;
        const bool is_same =
            !tensor.is_output &&
            std::memcmp(data, reinterpret_cast<const void*>(buffer.begin), buffer.size) == 0;
        return is_same ? data : nullptr;
    }

  private:
    const std::vector<HostTensor>& tensors_;
    std::unordered_map<uintptr_t, const DeviceCopy*> copies_;
};

}  // namespace

SavedDeviceMemory::SavedDeviceMemory(const DeviceMemory& memory,
                                     const std::vector<HostTensor>& tensors,
                                     const std::vector<DeviceCopy>& copies)
    : memory_(memory) {
    const Inputs inputs(tensors, copies);
    size_t size = 0;
    const auto add = [&](size_t index, char* begin, const char* end, const char* saved) {
        const auto bytes = static_cast<size_t>(end - begin);
        if (bytes == 0) return;
        ranges_.push_back({index, begin, bytes, saved});
        if (saved == nullptr) size += bytes;
    };
    for (size_t index = 0; index < memory.buffer_count(); ++index) {
        const DeviceBuffer& buffer = memory.buffer(index);
        if (buffer.live == 0) continue;
        if (buffer.content == kPoison) {
            painted_.push_back(index);
            continue;
        }
        const auto [begin, bytes] = extent(buffer);
        char* const first = reinterpret_cast<char*>(buffer.begin);
        add(index, begin, first, nullptr);
        add(index, first, first + buffer.size, inputs.find(buffer));
        add(index, first + buffer.size, begin + bytes, nullptr);
    }
    bytes_ = present_bytes(size);
    char* next = bytes_.get();
    for (Range& range : ranges_) {
        if (range.saved != nullptr) continue;
        std::memcpy(next, range.begin, range.size);
        range.saved = next;
        next += range.size;
    }
}

std::vector<bool> SavedDeviceMemory::restore() const {
    std::vector<bool> unchanged(memory_.buffer_count(), true);
    for (const size_t index : painted_) {
        memory_.paint(index);
        unchanged[index] = false;
    }
    for (const Range& range : ranges_) {
        if (std::memcmp(range.begin, range.saved, range.size) == 0) continue;
        std::memcpy(range.begin, range.saved, range.size);
        unchanged[range.buffer] = false;
    }
    return unchanged;
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
