// Execution from shared pools of ready tasks: for a thread per core, and for orders of execution
// that find trouble. Slower than work stealing, and deterministic on one thread.
#pragma once

#include "executor/executor.h"

namespace a2a3sim {

/// As execute().
bool execute_in_order(Graph& graph, const KernelTable& kernels, const ExecutorOptions& options,
                      Control& control, TaskRecord* records);

}  // namespace a2a3sim
