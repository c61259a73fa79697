// Runs a sealed graph on one thread, in an order that is known before.
#pragma once

#include <vector>

#include "executor/executor.h"

namespace a2a3sim {

/// Executes every task once, in that order, as serial_order() gives it. It leaves the tasks'
/// fan-ins alone, and `records` may be nullptr. Otherwise as execute().
bool execute_serially(Graph& graph, const KernelTable& kernels, const ExecutorOptions& options,
                      Control& control, TaskRecord* records, const std::vector<int32_t>& order);

}  // namespace a2a3sim
