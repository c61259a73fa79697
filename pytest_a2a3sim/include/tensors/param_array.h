// The arguments of a task until the middle of March 2026: an array, of which each entry is one.
#ifndef A2A3SIM_TENSORS_PARAM_ARRAY_H_
#define A2A3SIM_TENSORS_PARAM_ARRAY_H_

#include <stdint.h>

#include "tensors/params.h"

/// The core that a kernel is for.
enum PTO2WorkerType { PTO2_WORKER_CUBE, PTO2_WORKER_VECTOR };

namespace a2a3sim {

inline PTOParam with_memory(Tensor& tensor, void (PTOParam::*add)(Tensor&), const char* error) {
    PTOParam made;
    if (tensor.buffer.addr == 0) {
        made.set_error(error);
    } else {
        (made.*add)(tensor);
    }
    return made;
}

}  // namespace a2a3sim

inline PTOParam make_input_param(Tensor& tensor) {
    return a2a3sim::with_memory(tensor, &PTOParam::add_input,
                                "make_input_param: the tensor has no memory; a task must have been "
                                "submitted with it as its "
                                "output before");
}

inline PTOParam make_output_param(Tensor& tensor) {
    PTOParam made;
    made.add_output(tensor);
    return made;
}

inline PTOParam make_inout_param(Tensor& tensor) {
    return a2a3sim::with_memory(tensor, &PTOParam::add_inout,
                                "make_inout_param: the tensor has no memory; a task must have been "
                                "submitted with it as its "
                                "output before");
}

inline PTOParam make_scalar_param(uint64_t value) {
    PTOParam made;
    made.add_scalar(value);
    return made;
}

namespace a2a3sim {

/// Submits a task whose kernels get the arguments in the array's order.
inline PTO2TaskId submit(PTO2Runtime* runtime, const MixedKernels& kernels, const PTOParam params[],
                         int32_t count) {
    PTOParam all;
    bool is_scalar[PTO2_MAX_TENSOR_PARAMS + PTO2_MAX_SCALAR_PARAMS];
    for (int32_t i = 0; i < count && !all.has_error; ++i) {
        const int32_t place = all.tensor_count + all.scalar_count;
        all.append(params[i]);
        if (!all.has_error) is_scalar[place] = params[i].scalar_count != 0;
    }
    TaskRequest request = all.request(kernels);
    request.is_scalar = is_scalar;
    SubmittedTask submitted;
    runtime->ops->submit(runtime->state, &request, &submitted);
    return submitted.id;
}

}  // namespace a2a3sim

inline void pto2_rt_submit_task(PTO2Runtime* runtime, const MixedKernels& kernels,
                                const PTOParam params[], int32_t count) {
    a2a3sim::submit(runtime, kernels, params, count);
}

inline void pto2_rt_submit_aic_task(PTO2Runtime* runtime, int32_t kernel, const PTOParam params[],
                                    int32_t count) {
    a2a3sim::submit(runtime, {kernel, INVALID_KERNEL_ID, INVALID_KERNEL_ID}, params, count);
}

inline void pto2_rt_submit_aiv_task(PTO2Runtime* runtime, int32_t kernel, const PTOParam params[],
                                    int32_t count) {
    a2a3sim::submit(runtime, {INVALID_KERNEL_ID, kernel, INVALID_KERNEL_ID}, params, count);
}

inline void pto2_rt_submit_task(PTO2Runtime* runtime, int32_t kernel, PTO2WorkerType worker,
                                const PTOParam params[], int32_t count) {
    if (worker == PTO2_WORKER_CUBE) {
        pto2_rt_submit_aic_task(runtime, kernel, params, count);
    } else {
        pto2_rt_submit_aiv_task(runtime, kernel, params, count);
    }
}

inline Tensor::Tensor(void* address, uint64_t bytes, const uint64_t raw[], const uint64_t box[],
                      const uint64_t box_offsets[], uint64_t count, DataType type,
                      int32_t of_version)
    : Tensor(whole(reinterpret_cast<uint64_t>(address), a2a3sim::Dims(raw, count).values,
                   static_cast<uint32_t>(count), type, false, of_version)) {
    const a2a3sim::Dims part(box, count);
    const a2a3sim::Dims begin(box_offsets, count);
    for (uint32_t i = 0; i < ndims; ++i) {
        shapes[i] = part.values[i];
        offsets[i] = begin.values[i];
        start_offset += uint64_t{offsets[i]} * strides[i];
    }
    buffer.size = bytes;
    update_contiguous();
}

inline Tensor make_tensor_external(void* address, const uint64_t shapes[], uint64_t ndims,
                                   DataType dtype = DataType::FLOAT32, int32_t version = 0) {
    return Tensor::whole(reinterpret_cast<uint64_t>(address), a2a3sim::Dims(shapes, ndims).values,
                         static_cast<uint32_t>(ndims), dtype, false, version);
}

/// A tensor that gets its memory with the first task of which it is an output.
inline Tensor make_tensor(const uint64_t shapes[], uint64_t ndims,
                          DataType dtype = DataType::FLOAT32, int32_t version = 0) {
    return make_tensor_external(nullptr, shapes, ndims, dtype, version);
}

/// Sources assert with it; optimised builds of the PTO runtime leave it out.
#ifndef debug_assert
#define debug_assert(condition) static_cast<void>(sizeof(condition))
#endif

/// Descriptors have no pool here.
inline void pto2_rt_init_tensor_pool(PTO2Runtime*) {}

#endif  // A2A3SIM_TENSORS_PARAM_ARRAY_H_
