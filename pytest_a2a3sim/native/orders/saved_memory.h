// Device memory as it was before kernels ran.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "device/device_memory.h"

namespace a2a3sim {

/// The device's memory as it is when this is made, before kernels run: the live buffers and what
/// lies around them. Those that hold poison alone are not copied.
class SavedDeviceMemory {
  public:
    explicit SavedDeviceMemory(const DeviceMemory& memory);

    void restore() const;

    /// Whether a buffer holds what it held; not if that was poison.
    bool is_unchanged(size_t index) const;

    /// Whether a small buffer held addresses of device memory, which kernels may follow.
    bool holds_addresses() const;

    /// Bytes that saving the buffers takes.
    static size_t size_of(const DeviceMemory& memory);

  private:
    struct Range {
        size_t buffer;
        char* begin;
        size_t size;
        size_t offset;  // in `bytes_`
    };

    const DeviceMemory& memory_;
    std::vector<size_t> painted_;
    std::vector<Range> ranges_;  // by buffer, ascending
    std::unique_ptr<char[]> bytes_;
};

}  // namespace a2a3sim
