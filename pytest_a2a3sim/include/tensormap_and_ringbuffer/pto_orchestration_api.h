// The API of orchestrations for tensormap_and_ringbuffer, as of March 2026: the runtime finds out
// which tasks depend on each other from the tensors that they read and write.
//
// On a2a3 no function names the runtime, on a5 every one does. Both forms work.
#ifndef A2A3SIM_TENSORMAP_AND_RINGBUFFER_PTO_ORCHESTRATION_API_H_
#define A2A3SIM_TENSORMAP_AND_RINGBUFFER_PTO_ORCHESTRATION_API_H_

#include "tensors/orchestration.h"

inline void pto2_rt_submit_task(PTO2Runtime* runtime, const MixedKernels& kernels,
                                const PTOParam& params) {
    runtime->ops->submit(runtime->state, &kernels, &params);
}

inline void pto2_rt_submit_aic_task(PTO2Runtime* runtime, int32_t kernel, const PTOParam& params) {
    const MixedKernels kernels{kernel, INVALID_KERNEL_ID, INVALID_KERNEL_ID};
    runtime->ops->submit(runtime->state, &kernels, &params);
}

inline void pto2_rt_submit_aiv_task(PTO2Runtime* runtime, int32_t kernel, const PTOParam& params) {
    const MixedKernels kernels{INVALID_KERNEL_ID, kernel, INVALID_KERNEL_ID};
    runtime->ops->submit(runtime->state, &kernels, &params);
}

inline void pto2_rt_submit_task(const MixedKernels& kernels, const PTOParam& params) {
    pto2_rt_submit_task(a2a3sim_runtime, kernels, params);
}

inline void pto2_rt_submit_aic_task(int32_t kernel, const PTOParam& params) {
    pto2_rt_submit_aic_task(a2a3sim_runtime, kernel, params);
}

inline void pto2_rt_submit_aiv_task(int32_t kernel, const PTOParam& params) {
    pto2_rt_submit_aiv_task(a2a3sim_runtime, kernel, params);
}

#endif  // A2A3SIM_TENSORMAP_AND_RINGBUFFER_PTO_ORCHESTRATION_API_H_
