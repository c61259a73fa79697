// The object files of the calling process.
#pragma once

#include "shared/shared_memory.h"

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

/// Lists them afresh. In a signal handler: only while its own thread loads one.
void record_loaded_objects(SharedTable<a2a3_object>& objects);

}  // namespace a2a3sim
