// The forked process in which a case runs.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "isolation/simulation.h"

namespace a2a3sim {

/// Simulates the case and ends the process, which `parent` has just forked.
[[noreturn]] void run_child(const CaseDescription& description, SharedState& shared,
                            pid_t parent) noexcept;

}  // namespace a2a3sim
