// The order in which one thread executes a graph.
#pragma once

#include <vector>

#include "executor/executor.h"

namespace a2a3sim {

/// Every task once, but only the last one of each gang, as execute() runs them on one thread. The
/// fan-ins are those of a graph that has not been executed.
std::vector<int32_t> serial_order(const Graph& graph, const KernelTable& kernels,
                                  const ExecutorOptions& options);

}  // namespace a2a3sim
