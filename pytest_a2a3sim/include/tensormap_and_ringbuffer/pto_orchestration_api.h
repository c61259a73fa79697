// The API of orchestrations for tensormap_and_ringbuffer: the runtime finds out which tasks depend
// on each other from the tensors that they read and write.
//
// As of March 2026 tasks have a PTOParam: on a2a3 no function names the runtime, on a5 every one
// does, and both forms work. What came since is in tensors/submit.h, what was before in
// tensors/param_array.h.
#ifndef A2A3SIM_TENSORMAP_AND_RINGBUFFER_PTO_ORCHESTRATION_API_H_
#define A2A3SIM_TENSORMAP_AND_RINGBUFFER_PTO_ORCHESTRATION_API_H_

#include "tensors/param_array.h"
#include "tensors/submit.h"

inline void pto2_rt_submit_task(PTO2Runtime* runtime, const MixedKernels& kernels,
                                const PTOParam& params) {
    a2a3sim::submit(runtime, kernels, params);
}

inline void pto2_rt_submit_aic_task(PTO2Runtime* runtime, int32_t kernel, const PTOParam& params) {
    a2a3sim::submit(runtime, {kernel, INVALID_KERNEL_ID, INVALID_KERNEL_ID}, params);
}

inline void pto2_rt_submit_aiv_task(PTO2Runtime* runtime, int32_t kernel, const PTOParam& params) {
    a2a3sim::submit(runtime, {INVALID_KERNEL_ID, kernel, INVALID_KERNEL_ID}, params);
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
