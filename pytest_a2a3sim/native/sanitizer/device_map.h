// What a byte of device memory is part of: a buffer, a copy from or to a host tensor.
#pragma once

#include <cstdint>
#include <vector>

#include "device/device_memory.h"
#include "sanitizer/history.h"

namespace a2a3sim {

/// Fixed once the orchestration has returned.
class DeviceMap {
  public:
    DeviceMap(const DeviceMemory& memory, std::vector<DeviceCopy> copies);

    /// A range of addresses that all belong to one live buffer, or to none; the orchestration has
    /// copied to all of it or to none.
    struct Span {
        uint64_t begin;
        uint64_t end;
        int32_t buffer;  // or History::kOutside
        bool is_copied_to;

        bool contains(uint64_t address) const { return address - begin < end - begin; }
    };
    Span span_at(uint64_t address) const;

    /// Whether the address is in a buffer that was freed.
    bool is_freed(uint64_t address) const;

    /// The tensor that an address was copied from, or else will be copied to; -1 if there is none.
    /// `offset` gets that of the byte in the tensor.
    int32_t tensor_at(uint64_t address, uint64_t& offset) const;

    const DeviceMemory& memory() const { return memory_; }

  private:
    struct Range {
        uint64_t begin;
        uint64_t end;
    };

    const DeviceMemory& memory_;
    std::vector<DeviceCopy> copies_;
    std::vector<Range> copied_to_;  // ascending, apart from one another
};

}  // namespace a2a3sim
