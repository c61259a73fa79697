// The arguments of a task as of March 2026.
#ifndef A2A3SIM_TENSORS_PARAMS_H_
#define A2A3SIM_TENSORS_PARAMS_H_

#include <stdint.h>

#include "tensors/request.h"

#define PTO2_MAX_TENSOR_PARAMS 16
#define PTO2_MAX_SCALAR_PARAMS 128

/// Tensors, then scalars. It keeps pointers to the tensors: an output without memory gets its
/// address when the task is submitted.
struct PTOParam {
    Tensor* tensors[PTO2_MAX_TENSOR_PARAMS];
    TensorArgType tensor_types[PTO2_MAX_TENSOR_PARAMS];
    uint64_t scalars[PTO2_MAX_SCALAR_PARAMS];
    int32_t tensor_count{0};
    int32_t scalar_count{0};
    bool has_error{false};
    const char* error_msg{nullptr};

    void reset() {
        tensor_count = scalar_count = 0;
        has_error = false;
        error_msg = nullptr;
    }

    void set_error(const char* message) {
        if (!has_error) error_msg = message;
        has_error = true;
    }

    void add_input(Tensor& tensor) {
        if (tensor.buffer.addr == 0) {
            return set_error(
                "add_input: the tensor has no memory; a task must have been submitted "
                "with it as its output before");
        }
        add_before_scalars(tensor, TensorArgType::INPUT);
    }

    void add_output(Tensor& tensor) {
        add_before_scalars(tensor, tensor.buffer.addr == 0 ? TensorArgType::OUTPUT
                                                           : TensorArgType::OUTPUT_EXISTING);
    }

    void add_inout(Tensor& tensor) {
        if (tensor.buffer.addr == 0) {
            return set_error(
                "add_inout: the tensor has no memory; a task must have been submitted "
                "with it as its output before");
        }
        add_before_scalars(tensor, TensorArgType::INOUT);
    }

    void add_scalar(uint64_t value) { add_scalars(&value, 1); }

    void add_scalars(const uint64_t* values, int count) {
        if (!has_room("add_scalars: a task has at most 128 scalars", count)) return;
        for (int i = 0; i < count; ++i) scalars[scalar_count++] = values[i];
    }

    /// Bits of each value, zero-extended.
    void add_scalars_i32(const int32_t* values, int count) {
        if (!has_room("add_scalars_i32: a task has at most 128 scalars", count)) return;
        for (int i = 0; i < count; ++i) scalars[scalar_count++] = static_cast<uint32_t>(values[i]);
    }

    void copy_scalars_from(const PTOParam& source, int offset, int count) {
        if (offset < 0 || count < 0 || offset + count > source.scalar_count) {
            return set_error("copy_scalars_from: the source has fewer scalars");
        }
        add_scalars(source.scalars + offset, count);
    }

    /// Adds the only argument of another one, a tensor behind a scalar too.
    void append(const PTOParam& other) {
        if (other.has_error) return set_error(other.error_msg);
        if (other.scalar_count != 0) return add_scalars(other.scalars, other.scalar_count);
        add(*other.tensors[0], other.tensor_types[0]);
    }

    a2a3sim::TaskRequest request(const MixedKernels& kernels) const {
        a2a3sim::TaskRequest made{};
        made.kernels = kernels;
        made.geometry = a2a3sim::Geometry::kBoxes;
        made.block_num = 1;
        made.error = has_error ? error_msg : nullptr;
        made.tensor_count = static_cast<uint32_t>(tensor_count);
        made.scalar_count = static_cast<uint32_t>(scalar_count);
        made.types = tensor_types;
        made.tensors = tensors;
        made.scalars = scalars;
        return made;
    }

  private:
    void add_before_scalars(Tensor& tensor, TensorArgType type) {
        if (scalar_count != 0) return set_error("a tensor was added after a scalar");
        add(tensor, type);
    }

    void add(Tensor& tensor, TensorArgType type) {
        if (tensor_count == PTO2_MAX_TENSOR_PARAMS) {
            return set_error("a task has at most 16 tensors");
        }
        if (tensor.forgets_offset) {
            return set_error(
                "the tensor was reshaped from a view that does not begin at 0; the device forgets "
                "its offset here. Reshape the whole tensor, and take the view of the result");
        }
        tensors[tensor_count] = &tensor;
        tensor_types[tensor_count++] = type;
    }

    bool has_room(const char* message, int count) {
        if (count >= 0 && count <= PTO2_MAX_SCALAR_PARAMS - scalar_count) return true;
        set_error(message);
        return false;
    }
};

namespace a2a3sim {

inline PTO2TaskId submit(PTO2Runtime* runtime, const MixedKernels& kernels,
                         const PTOParam& params) {
    const TaskRequest request = params.request(kernels);
    SubmittedTask submitted;
    runtime->ops->submit(runtime->state, &request, &submitted);
    return submitted.id;
}

}  // namespace a2a3sim

#endif  // A2A3SIM_TENSORS_PARAMS_H_
