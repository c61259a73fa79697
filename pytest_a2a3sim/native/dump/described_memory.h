// What is known of device memory, by address.
#pragma once

#include <vector>

#include "device/device_memory.h"

namespace a2a3sim {

/// A range of device memory, and the description that it is from; -1: it is a whole buffer.
struct DescribedRange {
    size_t buffer;
    uint64_t offset;
    uint64_t size;
    int32_t description;
};

class DescribedMemory {
  public:
    /// `descriptions` outlive it. Of two that are about the same bytes, the last one counts.
    DescribedMemory(const DeviceMemory& memory, const std::vector<a2a3_description>& descriptions);

    /// The smallest described range that holds the address, else the live buffer that does. False
    /// if none does.
    bool find(uint64_t address, DescribedRange& range) const;

  private:
    struct Entry {
        uint64_t begin;
        uint64_t size;
        int32_t description;
    };

    const DeviceMemory& memory_;
    const std::vector<a2a3_description>& descriptions_;
    std::vector<Entry> entries_;  // ascending by address
    uint64_t largest_ = 0;
};

/// A description for each tensor of the host that was copied to the device as a whole, or is copied
/// back from it.
std::vector<a2a3_description> descriptions_of(const std::vector<DeviceCopy>& copies,
                                              const std::vector<size_t>& tensor_sizes,
                                              const DeviceMemory& memory);

}  // namespace a2a3sim
