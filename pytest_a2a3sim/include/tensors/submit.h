// The calls of orchestrations since April 2026, for runtimes that find dependencies by themselves.
#ifndef A2A3SIM_TENSORS_SUBMIT_H_
#define A2A3SIM_TENSORS_SUBMIT_H_

#include <stdint.h>
#include <stdio.h>

#include "tensors/orchestration.h"

#define PTO2_ERROR_NONE 0
#define PTO2_ERROR_SCOPE_DEADLOCK 1
#define PTO2_ERROR_HEAP_RING_DEADLOCK 2
#define PTO2_ERROR_FLOW_CONTROL_DEADLOCK 3
#define PTO2_ERROR_DEP_POOL_OVERFLOW 4
#define PTO2_ERROR_INVALID_ARGS 5
#define PTO2_ERROR_REQUIRE_SYNC_START_INVALID 7
#define PTO2_ERROR_TENSOR_WAIT_TIMEOUT 8
#define PTO2_ERROR_EXPLICIT_ORCH_FATAL 9
#define PTO2_ERROR_SCOPE_TASKS_OVERFLOW 10
#define PTO2_ERROR_TENSORMAP_OVERFLOW 11

namespace a2a3sim {

/// An error of the orchestration's author, which ends the case.
template <typename... Values>
void report_fatal(int32_t code, const char* function, const char* format, Values... values) {
    char message[512];
    if constexpr (sizeof...(values) == 0) {
        snprintf(message, sizeof message, "%s", format);
    } else {
        snprintf(message, sizeof message, format, values...);
    }
    a2a3sim_runtime->ops->report_fatal(a2a3sim_runtime->state, code, function, message);
}

template <uint32_t kTensors, uint32_t kScalars>
TaskOutputTensors submit(TaskRequest::Kind kind, const MixedKernels& kernels,
                         const TaskArgs<kTensors, kScalars>& args) {
    const TaskRequest request = args.request(kind, kernels);
    TaskOutputTensors made;
    a2a3sim_runtime->ops->submit(a2a3sim_runtime->state, &request, made.place());
    return made;
}

}  // namespace a2a3sim

#define rt_report_fatal(code, ...) a2a3sim::report_fatal(code, __FUNCTION__, __VA_ARGS__)
#define pto2_rt_report_fatal(code, ...) a2a3sim::report_fatal(code, __FUNCTION__, __VA_ARGS__)

template <uint32_t kTensors, uint32_t kScalars>
TaskOutputTensors rt_submit_task(const MixedKernels& kernels,
                                 const a2a3sim::TaskArgs<kTensors, kScalars>& args) {
    return a2a3sim::submit(a2a3sim::TaskRequest::Kind::kKernels, kernels, args);
}

template <uint32_t kTensors, uint32_t kScalars>
TaskOutputTensors rt_submit_aic_task(int32_t kernel,
                                     const a2a3sim::TaskArgs<kTensors, kScalars>& args) {
    return rt_submit_task(MixedKernels{kernel, INVALID_KERNEL_ID, INVALID_KERNEL_ID}, args);
}

template <uint32_t kTensors, uint32_t kScalars>
TaskOutputTensors rt_submit_aiv_task(int32_t kernel,
                                     const a2a3sim::TaskArgs<kTensors, kScalars>& args) {
    return rt_submit_task(MixedKernels{INVALID_KERNEL_ID, kernel, INVALID_KERNEL_ID}, args);
}

/// A task without a kernel: what depends on it waits for all that it depends on.
template <uint32_t kTensors, uint32_t kScalars>
TaskOutputTensors rt_submit_dummy_task(const a2a3sim::TaskArgs<kTensors, kScalars>& args) {
    return a2a3sim::submit(a2a3sim::TaskRequest::Kind::kNothing, MixedKernels{}, args);
}

/// Memory that no task writes first.
template <uint32_t kTensors, uint32_t kScalars>
TaskOutputTensors alloc_tensors(const a2a3sim::TaskArgs<kTensors, kScalars>& args) {
    return a2a3sim::submit(a2a3sim::TaskRequest::Kind::kAllocation, MixedKernels{}, args);
}

inline TaskOutputTensors alloc_tensors(const TensorCreateInfo infos[], uint32_t count) {
    CoreTaskArgs args;
    for (uint32_t i = 0; i < count; ++i) args.add_output(infos[i]);
    return alloc_tensors(args);
}

template <typename... Infos>
TaskOutputTensors alloc_tensors(const TensorCreateInfo& first, const Infos&... others) {
    CoreTaskArgs args;
    args.add_output(first, others...);
    return alloc_tensors(args);
}

/// An element, once the tasks that write the tensor have ended.
template <typename T = uint64_t>
T get_tensor_data(const Tensor& tensor, uint32_t ndims, const uint32_t indices[]) {
    return from_u64<T>(
        a2a3sim_runtime->ops->get_data(a2a3sim_runtime->state, &tensor, ndims, indices));
}

/// Sets an element, once the tasks that write the tensor have ended, and those that wait for them.
template <typename T = uint64_t>
void set_tensor_data(const Tensor& tensor, uint32_t ndims, const uint32_t indices[], T value) {
    a2a3sim_runtime->ops->set_data(a2a3sim_runtime->state, &tensor, ndims, indices, to_u64(value));
}

/// Clusters of a cube core and its vector cores.
inline int32_t rt_available_cluster_count() {
    return a2a3sim_runtime->ops->core_count(a2a3sim_runtime->state, 0);
}
inline int32_t rt_available_aiv_count() {
    return a2a3sim_runtime->ops->core_count(a2a3sim_runtime->state, 1);
}

/// Graphs that are recorded once and submitted again.
template <typename... Arguments>
void rt_submit_graph(Arguments&&...) {
    static_assert(sizeof...(Arguments) == ~size_t{0},
                  "rt_submit_graph: recorded graphs are not simulated; submit the tasks instead");
}

// The names until the end of April.

template <uint32_t kTensors, uint32_t kScalars>
TaskOutputTensors pto2_rt_submit_task(const MixedKernels& kernels,
                                      const a2a3sim::TaskArgs<kTensors, kScalars>& args) {
    return rt_submit_task(kernels, args);
}

template <uint32_t kTensors, uint32_t kScalars>
TaskOutputTensors pto2_rt_submit_aic_task(int32_t kernel,
                                          const a2a3sim::TaskArgs<kTensors, kScalars>& args) {
    return rt_submit_aic_task(kernel, args);
}

template <uint32_t kTensors, uint32_t kScalars>
TaskOutputTensors pto2_rt_submit_aiv_task(int32_t kernel,
                                          const a2a3sim::TaskArgs<kTensors, kScalars>& args) {
    return rt_submit_aiv_task(kernel, args);
}

#endif  // A2A3SIM_TENSORS_SUBMIT_H_
