// What the bytes at an address of a simulating process belong to.
#pragma once

#include <vector>

#include "device/device_memory.h"
#include "device/host_tensors.h"

namespace a2a3sim {

/// The bytes at `address`. Next to two device buffers, the one that one of the `arg_count` words at
/// `args` points into is meant, else the nearer.
a2a3_place find_place(uint64_t address, const std::vector<DeviceBuffer>& buffers,
                      const HostWindow& window, const std::vector<HostTensor>& tensors,
                      const uint64_t* args, int arg_count) noexcept;

}  // namespace a2a3sim
