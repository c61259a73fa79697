// The simulated device's memory: a range of addresses that no host memory is in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace a2a3sim {

struct DeviceBuffer {
    uintptr_t begin;
    size_t size;
    size_t mapped_size;  // bytes of whole pages behind it; 0 for a buffer in a shared region
    bool live;

    uintptr_t end() const { return begin + size; }
};

/// Allocation is O(1): addresses ascend and are never used twice, so that an access after
/// device_free faults for as long as the case runs. Each buffer ends at an unreachable page
/// (within kAlignment). Past kGuardedBuffers, where guard pages would exhaust the kernel's
/// mappings, buffers share regions. Fresh memory is filled with 0xFF, a NaN in every float type.
class DeviceMemory {
  public:
    static constexpr size_t kAlignment = 64;
    static constexpr size_t kGuardedBuffers = 8192;

    /// `capacity` bytes can be live at a time. Throws CaseFailure without address space.
    explicit DeviceMemory(size_t capacity);
    ~DeviceMemory();
    DeviceMemory(const DeviceMemory&) = delete;
    DeviceMemory& operator=(const DeviceMemory&) = delete;

    /// nullptr when `size` bytes more do not fit.
    void* allocate(size_t size);

    /// "" or what is wrong with freeing `address`.
    std::string free(void* address);

    /// "" or why [address, address + size) is not inside one live buffer.
    std::string check_range(const void* address, size_t size) const;

    size_t buffer_count() const { return buffers_.size(); }
    size_t peak_bytes() const { return peak_bytes_; }
    size_t live_bytes() const { return live_bytes_; }
    size_t capacity() const { return capacity_; }

  private:
    uintptr_t map_pages(size_t size);
    uintptr_t place_guarded(size_t size, size_t* mapped_size);
    uintptr_t place_shared(size_t size);
    /// The last buffer that begins at or before `address`, or -1.
    ptrdiff_t find(uintptr_t address) const;

    size_t page_size_;
    size_t capacity_;
    size_t reserved_ = 0;
    uintptr_t base_ = 0;
    uintptr_t next_ = 0;
    uintptr_t region_next_ = 0;
    uintptr_t region_end_ = 0;
    size_t live_bytes_ = 0;
    size_t peak_bytes_ = 0;
    std::vector<DeviceBuffer> buffers_;  // ascending by address
};

}  // namespace a2a3sim
