// The API of orchestrations for host_build_graph from April to July 2026: functions instead of
// methods, and tensors with shapes instead of addresses and sizes.
#ifndef A2A3SIM_HOST_BUILD_GRAPH_ORCHESTRATION_API_H_
#define A2A3SIM_HOST_BUILD_GRAPH_ORCHESTRATION_API_H_

#include <stddef.h>
#include <stdint.h>

#include "host_build_graph/runtime.h"
#include "tensors/entry.h"

/// Tells the engine that the entry is int (OrchestrationRuntime*, const ChipStorageTaskArgs&).
extern "C" {
__attribute__((weak, used, visibility("default"))) int a2a3sim_entry_kind =
    a2a3sim::kEntryOfHostTensors;
}

using OrchestrationRuntime = Runtime;

inline int add_task(OrchestrationRuntime* runtime, uint64_t* args, int num_args, int func_id,
                    CoreType core_type) {
    return runtime->add_task(args, num_args, func_id, core_type);
}

inline void add_successor(OrchestrationRuntime* runtime, int from_task, int to_task) {
    runtime->add_successor(from_task, to_task);
}

inline void record_tensor_pair(OrchestrationRuntime* runtime, void* host_ptr, void* dev_ptr,
                               size_t size) {
    runtime->record_tensor_pair(host_ptr, dev_ptr, size);
}

inline int get_task_count(OrchestrationRuntime* runtime) { return runtime->get_task_count(); }

inline void print_runtime(OrchestrationRuntime* runtime) { runtime->print_runtime(); }

inline void* device_malloc(OrchestrationRuntime* runtime, size_t size) {
    return runtime->host_api.device_malloc(size);
}

inline void device_free(OrchestrationRuntime* runtime, void* dev_ptr) {
    runtime->host_api.device_free(dev_ptr);
}

inline int copy_to_device(OrchestrationRuntime* runtime, void* dev_ptr, const void* host_ptr,
                          size_t size) {
    return runtime->host_api.copy_to_device(dev_ptr, host_ptr, size);
}

/// What a task's argument looks like. It changes nothing here: what device memory holds is said to
/// --sim-dump by Runtime::describe().
struct TensorInfo {
    DataType dtype;
    uint32_t ndims;
    uint32_t shapes[MAX_TENSOR_DIMS];
};

inline TensorInfo make_tensor_info(DataType dtype, uint32_t ndims, const uint32_t* shapes,
                                   const uint32_t* = nullptr, const uint32_t* = nullptr) {
    TensorInfo info{dtype, ndims, {}};
    for (uint32_t i = 0; i < ndims && i < MAX_TENSOR_DIMS; ++i) info.shapes[i] = shapes[i];
    return info;
}

inline TensorInfo make_tensor_info_from_tensor_arg(const Tensor& tensor) {
    return make_tensor_info(tensor.dtype, tensor.ndims, tensor.shapes);
}

inline int set_tensor_info_to_task(OrchestrationRuntime*, int, const TensorInfo*, int) { return 0; }

inline int add_task_with_tensor_info(OrchestrationRuntime* runtime, uint64_t* args, int num_args,
                                     int func_id, CoreType core_type, const TensorInfo*, int) {
    return runtime->add_task(args, num_args, func_id, core_type);
}

#endif  // A2A3SIM_HOST_BUILD_GRAPH_ORCHESTRATION_API_H_
