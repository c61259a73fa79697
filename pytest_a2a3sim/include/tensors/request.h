// What an orchestration asks of the engine, and the functions by which it does.
#ifndef A2A3SIM_TENSORS_REQUEST_H_
#define A2A3SIM_TENSORS_REQUEST_H_

#include <stddef.h>
#include <stdint.h>

#include "tensors/tensor.h"

inline constexpr int32_t INVALID_KERNEL_ID = -1;

/// The kernels of one task, which share its arguments and run together on one cluster: a cube core
/// and its two vector cores.
struct MixedKernels {
    int32_t aic_kernel_id{INVALID_KERNEL_ID};
    int32_t aiv0_kernel_id{INVALID_KERNEL_ID};
    int32_t aiv1_kernel_id{INVALID_KERNEL_ID};
};

/// What a task does with a tensor. OUTPUT gets memory with the task, OUTPUT_EXISTING has some;
/// NO_DEP waits for nothing but the task that the memory was made for.
enum class TensorArgType : int32_t { INPUT, OUTPUT, INOUT, OUTPUT_EXISTING, NO_DEP };

enum class PTO2ScopeMode : uint8_t {
    AUTO,
    MANUAL,  // tasks wait for those that they name alone
};

enum class PredicateOp : uint8_t { NONE, EQ, NE, GT, LT, GE, LE };

/// An element of a tensor.
struct CorePredicateOperand {
    const Tensor* tensor{nullptr};
    uint32_t ndims{0};
    uint32_t indices[MAX_TENSOR_DIMS]{};
};

/// A task runs only if the operand compares so with the target when the task could start.
struct CoreTaskPredicate {
    CorePredicateOperand operand;
    PredicateOp op{PredicateOp::NONE};
    int64_t target{0};
};

/// An output that gets its memory with its task.
class TensorCreateInfo {
  public:
    TensorCreateInfo() {}  // of no use until another one is assigned

    /// Throws std::logic_error for no dimension, and for more than a descriptor has.
    TensorCreateInfo(const uint32_t shapes_of[], uint32_t count, DataType type = DataType::FLOAT32,
                     bool manual = false)
        : tensor_(Tensor::whole(0, shapes_of, count, type, manual, 0)), has_initial_value_(false) {
        if (count == 0) throw std::logic_error("TensorCreateInfo: no dimension");
    }

    /// What every element is before the task starts.
    template <typename T = uint64_t>
    void set_initial_value(T value) {
        has_initial_value_ = true;
        initial_value_ = to_u64(value);
    }

    uint64_t buffer_size_bytes() const { return tensor_.buffer.size; }

    const Tensor& tensor() const { return tensor_; }
    bool has_initial_value() const { return has_initial_value_; }
    uint64_t initial_value() const { return initial_value_; }

  private:
    Tensor tensor_;
    uint64_t initial_value_;
    bool has_initial_value_;
};

struct PTO2OrchestrationConfig {
    int expected_arg_count;
};

struct PTO2Runtime;

namespace a2a3sim {

/// How tensors are compared to find out who waits for whom.
enum class Geometry : int32_t {
    kBoxes,    // dimension by dimension, whatever shape each tensor gives to the buffer
    kStrides,  // by the elements that they can reach
};

/// How many outputs a task can have.
inline constexpr uint32_t kMostOutputs = 32;

/// A task to submit.
struct TaskRequest {
    enum class Kind : int32_t { kKernels, kNothing, kAllocation };

    Kind kind;
    MixedKernels kernels;
    Geometry geometry;
    bool sync_start;  // all blocks start together
    int32_t block_num;
    const char* error;  // what its author did wrong, or nullptr
    uint32_t tensor_count;
    uint32_t scalar_count;
    uint32_t dependency_count;
    const TensorArgType* types;
    /// Of each argument: nullptr where `create_infos` has something. The engine gives an OUTPUT
    /// among them its memory.
    Tensor* const* tensors;
    const TensorCreateInfo* const* create_infos;
    const uint64_t* scalars;
    /// Of each argument in the order in which the kernels get them; nullptr: tensors come first.
    const bool* is_scalar;
    const PTO2TaskId* dependencies;
    const CoreTaskPredicate* predicate;  // or nullptr
};

/// A task that was submitted, and the outputs that got memory with it.
struct SubmittedTask {
    PTO2TaskId id;
    uint32_t output_count;
    const Tensor* outputs[kMostOutputs];
};

struct TensorRuntimeOps {
    void (*submit)(void* state, const TaskRequest* request, SubmittedTask* submitted);
    void (*add_dependency)(void* state, PTO2TaskId producer, PTO2TaskId consumer);
    void (*scope_begin)(void* state, PTO2ScopeMode mode);
    void (*scope_end)(void* state);
    bool (*is_fatal)(const void* state);
    void (*report_fatal)(void* state, int32_t code, const char* function, const char* message);
    uint64_t (*get_data)(void* state, const Tensor* tensor, uint32_t ndims,
                         const uint32_t* indices);
    void (*set_data)(void* state, const Tensor* tensor, uint32_t ndims, const uint32_t* indices,
                     uint64_t value);
    int32_t (*core_count)(void* state, int32_t is_vector);
};

}  // namespace a2a3sim

struct PTO2Runtime {
    const a2a3sim::TensorRuntimeOps* ops;
    void* state;
};

#endif  // A2A3SIM_TENSORS_REQUEST_H_
