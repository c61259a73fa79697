// What kernels call to wait for one another.
#pragma once

namespace a2a3sim {

/// Has a loaded object call functions of the engine instead of those of the C and C++ libraries
/// that wait: for a member of a gang, a wait lets the others run. Whoever waits for a condition has
/// to look at it again anyway, since it may be woken up for nothing.
void let_others_run_at_waits(void* handle);

}  // namespace a2a3sim
