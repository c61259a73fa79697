// Ways to device memory besides the addresses that tasks get.
#pragma once

#include "device/device_memory.h"
#include "graph/graph.h"

namespace a2a3sim {

/// Whether a buffer that a table of addresses may be holds one of a live buffer: a kernel that gets
/// it may follow that.
bool holds_addresses(const DeviceMemory& memory);

/// Whether a task gets an address in device memory that no live buffer has, such as the end of one,
/// or half an address.
bool has_odd_addresses(const Graph& graph, const DeviceMemory& memory);

}  // namespace a2a3sim
