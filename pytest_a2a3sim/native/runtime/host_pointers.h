// Addresses of the host's memory among the arguments of tasks: they work in the simulating process
// and mean nothing on the device.
#pragma once

#include <string>
#include <vector>

#include "device/device_memory.h"
#include "device/host_tensors.h"
#include "graph/graph.h"
#include "runtime/orchestration.h"

namespace a2a3sim {

/// Throws CaseFailure if an argument of a task is an address of this process's heap, stack, static
/// variables, code or other memory. Host tensors are no matter here: they are unreachable while the
/// graph runs, and a kernel that uses one faults.
void check_host_pointers(const Graph& graph, const KernelTable& kernels, const DeviceMemory& memory,
                         const HostWindow& window, const Orchestration& orchestration);

/// Addresses of the device and of the host as a call got them, and the order in which it wants
/// them.
struct CopyAddresses {
    const void* dev;
    const void* host;
    const char* order;
};

/// The problem of a call that copies; where its addresses are swapped, that is said first.
std::string if_swapped(const DeviceMemory& memory, const std::vector<HostTensor>& tensors,
                       const CopyAddresses& call, const std::string& problem);

}  // namespace a2a3sim
