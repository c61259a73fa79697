// The API of orchestrations for aicpu_build_graph: the author says which tasks depend on each
// other. The tasks of a scope start at its end.
//
// As of March 2026 tasks have a PTOParam, and submitting one returns its id; as of April they have
// an Arg, and it returns a SubmitResult.
#ifndef A2A3SIM_AICPU_BUILD_GRAPH_PTO_ORCHESTRATION_API_H_
#define A2A3SIM_AICPU_BUILD_GRAPH_PTO_ORCHESTRATION_API_H_

#include "tensors/orchestration.h"
#include "tensors/submit.h"

struct SubmitResult {
    PTO2TaskId task_id;
    TaskOutputTensors outputs;
};

inline PTO2TaskId pto2_rt_submit_task(PTO2Runtime* runtime, const MixedKernels& kernels,
                                      const PTOParam& params) {
    return a2a3sim::submit(runtime, kernels, params);
}

inline PTO2TaskId pto2_rt_submit_aic_task(PTO2Runtime* runtime, int32_t kernel,
                                          const PTOParam& params) {
    return a2a3sim::submit(runtime, {kernel, INVALID_KERNEL_ID, INVALID_KERNEL_ID}, params);
}

inline PTO2TaskId pto2_rt_submit_aiv_task(PTO2Runtime* runtime, int32_t kernel,
                                          const PTOParam& params) {
    return a2a3sim::submit(runtime, {INVALID_KERNEL_ID, kernel, INVALID_KERNEL_ID}, params);
}

inline SubmitResult pto2_rt_submit_task(PTO2Runtime*, const MixedKernels& kernels,
                                        const Arg& args) {
    const TaskOutputTensors made = rt_submit_task(kernels, args);
    return {made.task_id(), made};
}

inline SubmitResult pto2_rt_submit_aic_task(PTO2Runtime* runtime, int32_t kernel, const Arg& args) {
    return pto2_rt_submit_task(runtime, {kernel, INVALID_KERNEL_ID, INVALID_KERNEL_ID}, args);
}

inline SubmitResult pto2_rt_submit_aiv_task(PTO2Runtime* runtime, int32_t kernel, const Arg& args) {
    return pto2_rt_submit_task(runtime, {INVALID_KERNEL_ID, kernel, INVALID_KERNEL_ID}, args);
}

/// The consumer starts only after the producer has finished.
inline void pto2_rt_add_dependency(PTO2Runtime* runtime, PTO2TaskId producer, PTO2TaskId consumer) {
    runtime->ops->add_dependency(runtime->state, producer, consumer);
}

#endif  // A2A3SIM_AICPU_BUILD_GRAPH_PTO_ORCHESTRATION_API_H_
