// Device memory that leads to device memory.
#pragma once

#include "device/device_memory.h"

namespace a2a3sim {

/// Whether a buffer that a table of addresses may be holds one of a live buffer: a kernel that gets
/// it may follow that.
bool holds_addresses(const DeviceMemory& memory);

}  // namespace a2a3sim
