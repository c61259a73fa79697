// The first form of aicpu_build_graph (February and March 2026): a table of functions in the
// runtime, with which an orchestration adds tasks, orders them and then publishes each.
#ifndef A2A3SIM_AICPU_BUILD_GRAPH_BUILD_API_H_
#define A2A3SIM_AICPU_BUILD_GRAPH_BUILD_API_H_

#include <stddef.h>
#include <stdint.h>

#include "common/core_type.h"

#ifndef RUNTIME_MAX_ARGS
#define RUNTIME_MAX_ARGS 16
#endif
#define RUNTIME_MAX_ORCH_ARGS 64
#define RUNTIME_MAX_FUNC_ID 64

namespace a2a3sim {

struct AicpuBuildRuntime;

struct AicpuBuildApi {
    /// The new task's id, or -1. The runtime knows the kernel: `code` is of no use.
    int (*add_task)(AicpuBuildRuntime* runtime, uint64_t* args, int num_args, int func_id,
                    CoreType core_type, uint64_t code);
    /// `to` starts only after `from` has finished. Comes before `to` is published.
    void (*add_successor_conditional)(AicpuBuildRuntime* runtime, int from, int to);
    /// The task may start from now on.
    void (*publish_task)(AicpuBuildRuntime* runtime, int task);
    /// Uninitialised memory of the device, or nullptr when it is full.
    void* (*device_malloc)(size_t size);
    void (*device_free)(void* address);
};

struct AicpuBuildRuntime {
    AicpuBuildApi aicpu_build_api;
    /// Addresses of tensors on the device, and scalars as bits.
    uint64_t orch_args[RUNTIME_MAX_ORCH_ARGS];
    int orch_argc;
    uint64_t kernel_addrs[RUNTIME_MAX_FUNC_ID];  // by func_id; 0: there is no such kernel
    void* state;                                 // the engine's
};

}  // namespace a2a3sim

#endif  // A2A3SIM_AICPU_BUILD_GRAPH_BUILD_API_H_
