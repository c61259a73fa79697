// The API of orchestrations for aicpu_build_graph, as of March 2026: the author says which tasks
// depend on each other. The tasks of a scope start at its end.
#ifndef A2A3SIM_AICPU_BUILD_GRAPH_PTO_ORCHESTRATION_API_H_
#define A2A3SIM_AICPU_BUILD_GRAPH_PTO_ORCHESTRATION_API_H_

#include "tensors/orchestration.h"

inline PTO2TaskId pto2_rt_submit_task(PTO2Runtime* runtime, const MixedKernels& kernels,
                                      const PTOParam& params) {
    return PTO2TaskId(runtime->ops->submit(runtime->state, &kernels, &params));
}

inline PTO2TaskId pto2_rt_submit_aic_task(PTO2Runtime* runtime, int32_t kernel,
                                          const PTOParam& params) {
    const MixedKernels kernels{kernel, INVALID_KERNEL_ID, INVALID_KERNEL_ID};
    return pto2_rt_submit_task(runtime, kernels, params);
}

inline PTO2TaskId pto2_rt_submit_aiv_task(PTO2Runtime* runtime, int32_t kernel,
                                          const PTOParam& params) {
    const MixedKernels kernels{INVALID_KERNEL_ID, kernel, INVALID_KERNEL_ID};
    return pto2_rt_submit_task(runtime, kernels, params);
}

/// The consumer starts only after the producer has finished.
inline void pto2_rt_add_dependency(PTO2Runtime* runtime, PTO2TaskId producer, PTO2TaskId consumer) {
    runtime->ops->add_dependency(runtime->state, producer.raw, consumer.raw);
}

#endif  // A2A3SIM_AICPU_BUILD_GRAPH_PTO_ORCHESTRATION_API_H_
