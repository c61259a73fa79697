// A task with its arguments, and the calls by which an orchestration submits it.
#ifndef A2A3SIM_TENSORS_TASK_H_
#define A2A3SIM_TENSORS_TASK_H_

#include <stddef.h>
#include <stdint.h>

#include "tensors/tensor.h"

#define PTO2_MAX_TENSOR_PARAMS 16
#define PTO2_MAX_SCALAR_PARAMS 128

inline constexpr int32_t INVALID_KERNEL_ID = -1;

/// The kernels of one task, which share its arguments and run together on one cluster: a cube core
/// and its two vector cores.
struct MixedKernels {
    int32_t aic_kernel_id{INVALID_KERNEL_ID};
    int32_t aiv0_kernel_id{INVALID_KERNEL_ID};
    int32_t aiv1_kernel_id{INVALID_KERNEL_ID};
};

enum class PTOParamType : int32_t { INPUT, OUTPUT, INOUT };

/// The arguments of a task: tensors, then scalars. It keeps pointers to the tensors: an output
/// without memory gets its address when the task is submitted.
struct PTOParam {
    Tensor* tensors[PTO2_MAX_TENSOR_PARAMS];
    PTOParamType tensor_types[PTO2_MAX_TENSOR_PARAMS];
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
        add(tensor, PTOParamType::INPUT);
    }

    void add_output(Tensor& tensor) { add(tensor, PTOParamType::OUTPUT); }

    void add_inout(Tensor& tensor) {
        if (tensor.buffer.addr == 0) {
            return set_error(
                "add_inout: the tensor has no memory; a task must have been submitted "
                "with it as its output before");
        }
        add(tensor, PTOParamType::INOUT);
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

  private:
    void add(Tensor& tensor, PTOParamType type) {
        if (scalar_count != 0) return set_error("a tensor was added after a scalar");
        if (tensor_count == PTO2_MAX_TENSOR_PARAMS) {
            return set_error("a task has at most 16 tensors");
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

struct PTO2TaskId {
    uint64_t raw;

    constexpr PTO2TaskId() : raw(~uint64_t{0}) {}
    constexpr explicit PTO2TaskId(uint64_t value) : raw(value) {}
    constexpr bool operator==(const PTO2TaskId& other) const { return raw == other.raw; }
    constexpr bool operator!=(const PTO2TaskId& other) const { return raw != other.raw; }
};

struct PTO2OrchestrationConfig {
    int expected_arg_count;
};

struct PTO2Runtime;

namespace a2a3sim {

struct TensorRuntimeOps {
    uint64_t (*submit)(void* state, const MixedKernels* kernels, const PTOParam* params);
    void (*add_dependency)(void* state, uint64_t producer, uint64_t consumer);
    void (*scope_begin)(void* state);
    void (*scope_end)(void* state);
    bool (*is_fatal)(const void* state);
};

/// The parameters of an orchestration's entry.
enum EntryKind : int {
    kEntryOfThreads = 1,            // (args, count, threads, thread)
    kEntryOfRuntimeAndThreads = 2,  // (runtime, args, count, threads, thread)
    kEntryOfRuntime = 3,            // (runtime, args, count)
};

constexpr int entry_kind(void (*)(uint64_t*, int, int, int)) { return kEntryOfThreads; }
constexpr int entry_kind(void (*)(PTO2Runtime*, uint64_t*, int, int, int)) {
    return kEntryOfRuntimeAndThreads;
}
constexpr int entry_kind(void (*)(PTO2Runtime*, uint64_t*, int)) { return kEntryOfRuntime; }

}  // namespace a2a3sim

struct PTO2Runtime {
    const a2a3sim::TensorRuntimeOps* ops;
    void* state;
};

#endif  // A2A3SIM_TENSORS_TASK_H_
