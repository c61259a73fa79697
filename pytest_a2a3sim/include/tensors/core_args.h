// The arguments of a task since April 2026.
#ifndef A2A3SIM_TENSORS_CORE_ARGS_H_
#define A2A3SIM_TENSORS_CORE_ARGS_H_

#include <stdint.h>

#include <stdexcept>
#include <string>
#include <type_traits>

#include "tensors/request.h"

/// What a dependency is for. Here memory is never given away before a case ends, so that both order
/// and nothing else.
enum DepFlags : uint8_t { DEP_NONE = 0, DEP_WAIT = 1, DEP_RETAIN = 2 };

constexpr DepFlags operator|(DepFlags a, DepFlags b) {
    return static_cast<DepFlags>(static_cast<uint8_t>(a) | static_cast<uint8_t>(b));
}

/// How a task is launched: `block_num` times, with the index of each.
class PTO2LaunchSpec {
  public:
    constexpr int16_t block_num() const { return block_num_; }
    constexpr void set_block_num(int16_t count) { block_num_ = count; }
    constexpr int16_t core_num() const { return block_num_; }
    constexpr void set_core_num(int16_t count) { block_num_ = count; }
    constexpr bool require_sync_start() const { return require_sync_start_; }
    constexpr void set_require_sync_start(bool value) { require_sync_start_ = value; }

  private:
    int16_t block_num_{1};
    bool require_sync_start_{false};
};

/// A task that was submitted: its id, and the outputs that got memory with it, in the order of
/// their add_output(). They are valid until the scope ends.
class TaskOutputTensors {
  public:
    TaskOutputTensors() { submitted_.output_count = 0; }

    bool empty() const { return submitted_.output_count == 0; }
    uint32_t size() const { return submitted_.output_count; }
    PTO2TaskId task_id() const { return submitted_.id; }

    /// Throws std::out_of_range.
    const Tensor& get_ref(uint32_t index) const& {
        if (index < submitted_.output_count) return *submitted_.outputs[index];
        throw std::out_of_range("TaskOutputTensors::get_ref(" + std::to_string(index) +
                                "): the task has " + std::to_string(submitted_.output_count) +
                                " outputs that got memory with it");
    }
    const Tensor& get_ref(uint32_t index) const&& = delete;

    a2a3sim::SubmittedTask* place() { return &submitted_; }

  private:
    a2a3sim::SubmittedTask submitted_;
};

namespace a2a3sim {

/// Tensors, then scalars. It keeps pointers to tensors, and copies what creates them.
template <uint32_t kMostTensors, uint32_t kMostScalars>
struct TaskArgs {
    bool has_error{false};
    const char* error_msg{nullptr};
    PTO2LaunchSpec launch_spec;

    TaskArgs() = default;
    TaskArgs(const TaskArgs&) = delete;
    TaskArgs& operator=(const TaskArgs&) = delete;

    void clear() {
        tensor_count_ = scalar_count_ = 0;
        dependency_count_ = 0;
        predicate_ = CoreTaskPredicate{};
    }

    void reset() {
        clear();
        has_error = false;
        error_msg = nullptr;
    }

    void set_error(const char* message) {
        if (!has_error) error_msg = message;
        has_error = true;
    }

    template <typename... Tensors>
    void add_input(const Tensors&... tensors) {
        (add_tensor(TensorArgType::INPUT, tensors), ...);
    }
    template <typename... Tensors>
    void add_inout(const Tensors&... tensors) {
        (add_tensor(TensorArgType::INOUT, tensors), ...);
    }
    template <typename... Tensors>
    void add_no_dep(const Tensors&... tensors) {
        (add_tensor(TensorArgType::NO_DEP, tensors), ...);
    }
    /// Tensors that are there already, or what creates some.
    template <typename... Outputs>
    void add_output(const Outputs&... outputs) {
        (add_one_output(outputs), ...);
    }

    template <typename... Values>
    void add_scalar(const Values&... values) {
        static_assert((is_supported_scalar_arg_v<Values> && ...),
                      "add_scalar: numbers and enumerations");
        if (!has_room(static_cast<int>(sizeof...(values)))) return;
        ((scalars_[scalar_count_++] = to_u64(values)), ...);
    }
    void add_scalars(const uint64_t* values, int count) {
        if (!has_room(count)) return;
        for (int i = 0; i < count; ++i) scalars_[scalar_count_++] = values[i];
    }
    /// Bits of each value, zero-extended.
    void add_scalars_i32(const int32_t* values, int count) {
        if (!has_room(count)) return;
        for (int i = 0; i < count; ++i) {
            scalars_[scalar_count_++] = static_cast<uint32_t>(values[i]);
        }
    }
    void copy_scalars_from(const TaskArgs& source, int offset, int count) {
        if (offset < 0 || count < 0 || offset + count > source.scalar_count()) {
            return set_error("copy_scalars_from: the source has fewer scalars");
        }
        add_scalars(source.scalars_ + offset, count);
    }

    /// Tasks that this one waits for, besides those that the runtime finds. The array must be there
    /// until the task is submitted.
    void set_dependencies(const PTO2TaskId* tasks, uint32_t count) {
        if (count != 0 && tasks == nullptr) return set_error("set_dependencies: no array");
        if (count != 0 && dependency_count_ != 0) {
            return set_error("set_dependencies: called twice for one task");
        }
        dependencies_ = tasks;
        dependency_count_ = count;
    }
    void set_dependencies_with_kinds(const PTO2TaskId* tasks, const DepFlags*, uint32_t count) {
        set_dependencies(tasks, count);
    }
    uint32_t explicit_dep_count() const { return dependency_count_; }
    PTO2TaskId explicit_dep(uint32_t index) const { return dependencies_[index]; }

    void set_predicate(const CoreTaskPredicate& predicate) { predicate_ = predicate; }
    const CoreTaskPredicate& predicate() const { return predicate_; }

    // A task may be put on a core before it is ready, which nothing but the time shows.
    void set_allow_early_resolve(bool allow = true) { allow_early_resolve_ = allow; }
    bool allow_early_resolve() const { return allow_early_resolve_; }

    void set_task_timing_slot(int32_t slot) {
        if (slot < 0 || slot > 15) return set_error("set_task_timing_slot: 0 to 15");
        timing_slot_ = slot;
    }
    int32_t task_timing_slot() const { return timing_slot_; }

    /// Marks arguments for a dump of the device: here --sim-dump chooses them.
    template <typename... Arguments>
    void dump(const Arguments&...) {}

    int32_t tensor_count() const { return static_cast<int32_t>(tensor_count_); }
    int32_t scalar_count() const { return static_cast<int32_t>(scalar_count_); }

    TaskRequest request(TaskRequest::Kind kind, const MixedKernels& kernels) const {
        TaskRequest made{};
        made.kind = kind;
        made.kernels = kernels;
        made.geometry = Geometry::kStrides;
        made.sync_start = launch_spec.require_sync_start();
        made.block_num = launch_spec.block_num();
        made.error = has_error ? error_msg : nullptr;
        made.tensor_count = tensor_count_;
        made.scalar_count = scalar_count_;
        made.dependency_count = dependency_count_;
        made.types = types_;
        made.tensors = tensors_;
        made.create_infos = create_infos_;
        made.scalars = scalars_;
        made.dependencies = dependencies_;
        made.predicate = predicate_.op == PredicateOp::NONE ? nullptr : &predicate_;
        return made;
    }

  private:
    void add_one_output(const Tensor& tensor) {
        add_tensor(TensorArgType::OUTPUT_EXISTING, tensor);
    }
    void add_one_output(const TensorCreateInfo& info) {
        if (!takes_tensor()) return;
        created_[tensor_count_] = info;
        create_infos_[tensor_count_] = &created_[tensor_count_];
        tensors_[tensor_count_] = nullptr;
        types_[tensor_count_++] = TensorArgType::OUTPUT;
    }

    void add_tensor(TensorArgType type, const Tensor& tensor) {
        if (!takes_tensor()) return;
        // The engine writes to none but outputs without memory, which are not among these.
        tensors_[tensor_count_] = const_cast<Tensor*>(&tensor);
        create_infos_[tensor_count_] = nullptr;
        types_[tensor_count_++] = type;
    }

    bool takes_tensor() {
        if (scalar_count_ != 0) {
            set_error("a tensor was added after a scalar");
            return false;
        }
        if (tensor_count_ == kMostTensors) {
            static const std::string message =
                "a task has at most " + std::to_string(kMostTensors) + " tensors";
            set_error(message.c_str());
            return false;
        }
        return true;
    }

    bool has_room(int count) {
        if (count >= 0 && static_cast<uint32_t>(count) <= kMostScalars - scalar_count_) return true;
        static const std::string message =
            "a task has at most " + std::to_string(kMostScalars) + " scalars";
        set_error(message.c_str());
        return false;
    }

    Tensor* tensors_[kMostTensors];
    const TensorCreateInfo* create_infos_[kMostTensors];
    TensorArgType types_[kMostTensors];
    uint64_t scalars_[kMostScalars];
    TensorCreateInfo created_[kMostTensors];
    uint32_t tensor_count_{0};
    uint32_t scalar_count_{0};
    const PTO2TaskId* dependencies_{nullptr};
    uint32_t dependency_count_{0};
    CoreTaskPredicate predicate_;
    bool allow_early_resolve_{false};
    int32_t timing_slot_{-1};
};

}  // namespace a2a3sim

using Arg = a2a3sim::TaskArgs<16, 128>;  // until June
using CoreTaskArgs = a2a3sim::TaskArgs<32, 16>;
using L0TaskArgs = CoreTaskArgs;

/// Tasks and what they wait for, in one.
template <size_t kMostDependencies = 16>
class CoreTaskArgsWithDeps : public CoreTaskArgs {
  public:
    template <typename... Ids>
    void add_dep(Ids... tasks) {
        (add_one(tasks), ...);
    }
    template <typename... Ids>
    void add_dep_wait(Ids... tasks) {
        (add_one(tasks), ...);
    }
    void reset() {
        CoreTaskArgs::reset();
        count_ = 0;
    }

  private:
    void add_one(PTO2TaskId task) {
        if (count_ == kMostDependencies) {
            return set_error("add_dep: more than the template's argument says");
        }
        tasks_[count_++] = task;
        set_dependencies(nullptr, 0);
        set_dependencies(tasks_, count_);
    }

    PTO2TaskId tasks_[kMostDependencies];
    uint32_t count_ = 0;
};

#endif  // A2A3SIM_TENSORS_CORE_ARGS_H_
