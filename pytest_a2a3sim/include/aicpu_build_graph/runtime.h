// What orchestrations of the first form include: `extern "C" int NAME(Runtime* runtime)`, 0 for
// success, with the name that kernel_config.py says.
#ifndef A2A3SIM_AICPU_BUILD_GRAPH_RUNTIME_H_
#define A2A3SIM_AICPU_BUILD_GRAPH_RUNTIME_H_

#include "aicpu_build_graph/build_api.h"

using Runtime = a2a3sim::AicpuBuildRuntime;
using AicpuBuildApi = a2a3sim::AicpuBuildApi;

/// Tells the engine which form it is.
extern "C" {
__attribute__((weak, used, visibility("default"))) int a2a3sim_builds_with_table = 1;
}

#endif  // A2A3SIM_AICPU_BUILD_GRAPH_RUNTIME_H_
