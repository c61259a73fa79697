// Device memory as it was before kernels ran.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "device/device_memory.h"
#include "device/host_tensors.h"

namespace a2a3sim {

/// The device's memory as it is when this is made, before kernels run: the live buffers and what
/// lies around them. Those that hold poison alone are not saved, nor are those that hold what an
/// input of the host does.
class SavedDeviceMemory {
  public:
    /// `copies` is what was copied to the device from `tensors`, which nobody but the outputs'
    /// copies back changes as long as this lives.
    SavedDeviceMemory(const DeviceMemory& memory, const std::vector<HostTensor>& tensors,
                      const std::vector<DeviceCopy>& copies);

    /// Returns of each buffer whether it did hold what it holds now; not if that is poison. Tensors
    /// of the host are within reach.
    std::vector<bool> restore() const;  // NOLINT(modernize-use-nodiscard): it does more than that

    /// Bytes that saving the buffers takes.
    static size_t size_of(const DeviceMemory& memory);

  private:
    struct Range {
        size_t buffer;
        char* begin;
        size_t size;
        const char* saved;  // what was there
    };

    const DeviceMemory& memory_;
    std::vector<size_t> painted_;
    std::vector<Range> ranges_;  // by buffer, and in each by address
    std::unique_ptr<char[]> bytes_;
};

}  // namespace a2a3sim
