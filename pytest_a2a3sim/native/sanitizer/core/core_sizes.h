// Sizes of the memories of a core.
#pragma once

#include <cstdint>

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

/// In bytes, of an a2a3_core_memory and an a2a3_space; 0: without end, or unknown.
uint64_t core_memory_size(int32_t memory, int32_t space);

/// Tells PTO ISA's CPU backend of the sizes, where it has arrays for them: in the environment of
/// this process, unless it says something already. `is_sanitized`: there is room for tiles behind
/// the end, which are findings.
void offer_core_memory_sizes(int32_t memory, bool is_sanitized);

}  // namespace a2a3sim
