// What a task that is being submitted uses, what it waits for, and the memory that it gets.
#include <algorithm>

#include "base/failure.h"
#include "base/memory.h"
#include "runtime/tensor_runtime.h"

namespace a2a3sim {

namespace {

bool has_one_vector_kernel(const TaskRequest& request) {
    const MixedKernels& kernels = request.kernels;
    return kernels.aic_kernel_id == INVALID_KERNEL_ID &&
           (kernels.aiv0_kernel_id == INVALID_KERNEL_ID ||
            kernels.aiv1_kernel_id == INVALID_KERNEL_ID);
}

}  // namespace

int TensorRuntime::clusters_of(const TaskRequest& request) {
    const int blocks = request.block_num;
    return has_one_vector_kernel(request) ? (blocks + 1) / kAivPerBlock : blocks;
}

std::string TensorRuntime::check(const TaskRequest& request) const {
    if (request.error != nullptr) return request.error;
    const MixedKernels& kernels = request.kernels;
    if (request.kind == TaskRequest::Kind::kKernels && kernels.aic_kernel_id == INVALID_KERNEL_ID &&
        kernels.aiv0_kernel_id == INVALID_KERNEL_ID &&
        kernels.aiv1_kernel_id == INVALID_KERNEL_ID) {
        return "it has no kernel: every id is -1";
    }
    if (request.block_num < 1) {
        return format("block_num is %d; a task has at least one block", request.block_num);
    }
    if (request.sync_start && request.block_num > 1) {
        const bool is_vector = has_one_vector_kernel(request);
        const int cores = options_.block_dim * (is_vector ? kAivPerBlock : 1);
        if (request.block_num > cores) {
            return format(
                "its %d blocks must start together, and there are %d %s: the device waits for "
                "ever (error 7); have fewer blocks, or a larger block_dim in kernel_config.py",
                request.block_num, cores, is_vector ? "vector cores" : "clusters");
        }
    }
    if (request.kind == TaskRequest::Kind::kAllocation) {
        const TensorArgType* const end = request.types + request.tensor_count;
        if (request.tensor_count == 0 || request.scalar_count != 0 ||
            std::any_of(request.types, end,
                        [](TensorArgType type) { return type != TensorArgType::OUTPUT; })) {
            return "alloc_tensors takes outputs that get memory, and nothing else";
        }
    }
    return "";
}

std::string TensorRuntime::copy_tensors(Submission& task) {
    const TaskRequest& request = task.request;
    task.tensors = descriptors_.extend(request.tensor_count);
    for (size_t i = 0; i < request.tensor_count; ++i) {
        Tensor& copy = task.tensors[i];
        const Tensor* const given = request.tensors[i];
        copy = given != nullptr ? *given : request.create_infos[i]->tensor();
        if (copy.ndims > MAX_TENSOR_DIMS) {
            return format("tensor %zu has %u dimensions: it was never initialised", i, copy.ndims);
        }
        // Only a task that was submitted owns memory; other numbers are what lay there before.
        const PTO2TaskId owner = copy.owner_task_id;
        if (owner.is_valid() && owner.raw >= submitted_.size()) {
            return format("tensor %zu belongs to no task: it was never initialised", i);
        }
        if (request.geometry == Geometry::kBoxes) copy.start_offset = copy.box_offset();
        if (request.types[i] == TensorArgType::OUTPUT) continue;
        const std::string problem = find_buffer(task, i);
        if (!problem.empty()) return problem;
    }
    return "";
}

std::string TensorRuntime::find_buffer(Submission& task, size_t index) {
    const Tensor& tensor = task.tensors[index];
    const int32_t known = map_.buffer_count();
    const int32_t buffer = task.buffers[index] = map_.buffer(tensor.buffer.addr);
    if (buffer == known) {
        const void* const address = reinterpret_cast<const void*>(tensor.buffer.addr);
        const std::string problem = host_.memory().check_range(address, 0);
        if (!problem.empty()) {
            return format(
                "tensor %zu: %s; a tensor's buffer is an argument of the "
                "orchestration or an output of a task",
                index, problem.c_str());
        }
    }
    const int32_t owner = map_.owner(buffer);
    if (owner >= 0 && !is_open(submitted(owner).scope)) {
        return format(
            "tensor %zu is an output of task %d, whose scope has ended: the device may have "
            "given its memory to another task since; submit both in one scope, or give the "
            "tensor memory that outlives it, such as an argument's",
            index, submitted(owner).first_task);
    }
    return "";
}

std::string TensorRuntime::find_condition(const TaskRequest& request, Condition& condition) {
    const CorePredicateOperand& operand = request.predicate->operand;
    if (operand.tensor == nullptr) return "its predicate has no tensor";
    const std::string problem =
        find_element(*operand.tensor, operand.ndims, operand.indices, condition.address);
    if (!problem.empty()) return "its predicate: " + problem;
    condition.size = get_element_size(operand.tensor->dtype);
    condition.target = request.predicate->target;
    using Comparison = Condition::Comparison;
    constexpr Comparison kComparisons[] = {Comparison::kEqual,          Comparison::kUnequal,
                                           Comparison::kGreater,        Comparison::kLess,
                                           Comparison::kGreaterOrEqual, Comparison::kLessOrEqual};
    condition.comparison = kComparisons[static_cast<size_t>(request.predicate->op) - 1];
    return "";
}

std::string TensorRuntime::add_producer(const Submission& task, const Producer& producer) {
    const auto is_same = [&](const Producer& other) { return other.task == producer.task; };
    if (std::any_of(producers_.begin(), producers_.end(), is_same)) return "";
    if (task.request.geometry == Geometry::kBoxes && producers_.size() == kMostProducers) {
        return format(
            "it depends on more than %zu tasks: the device keeps %zu, drops the others without a "
            "word, and starts the task too early; let fewer tasks write what it reads, or let "
            "tasks in between gather them",
            kMostProducers, kMostProducers);
    }
    producers_.push_back(producer);
    return "";
}

std::string TensorRuntime::find_producers(const Submission& task) {
    const TaskRequest& request = task.request;
    for (uint32_t i = 0; i < request.dependency_count; ++i) {
        const PTO2TaskId id = request.dependencies[i];
        if (id.raw >= submitted_.size()) {
            return format("dependency %u is no task that was submitted: set_dependencies", i);
        }
        std::string problem =
            add_producer(task, {static_cast<int32_t>(id.raw), A2A3_DEPENDENCY_EXPLICIT, 0});
        if (!problem.empty()) return problem;
    }
    if (!derives()) return "";
    for (size_t i = 0; i < request.tensor_count; ++i) {
        const TensorArgType type = request.types[i];
        if (type == TensorArgType::OUTPUT) continue;
        const Tensor& tensor = task.tensors[i];
        std::string problem;
        if (request.geometry == Geometry::kStrides && tensor.owner_task_id.is_valid()) {
            const auto owner = static_cast<int32_t>(tensor.owner_task_id.raw);
            problem = add_producer(task, {owner, A2A3_DEPENDENCY_CREATOR, i});
        }
        const bool looks =
            (type == TensorArgType::INPUT || type == TensorArgType::INOUT) && !tensor.manual_dep;
        if (problem.empty() && looks) problem = look_up(task, i);
        if (!problem.empty()) return problem;
    }
    return "";
}

std::string TensorRuntime::look_up(const Submission& task, size_t index) {
    const TaskRequest& request = task.request;
    const auto kind = request.types[index] == TensorArgType::INOUT ? A2A3_DEPENDENCY_RAW_WAW
                                                                   : A2A3_DEPENDENCY_RAW;
    size_t found = 0;
    std::string problem;
    map_.look_up(task.buffers[index], task.tensors[index], request.geometry,
                 request.types[index] == TensorArgType::INOUT, [&](int32_t producer) {
                     ++found;
                     if (problem.empty()) problem = add_producer(task, {producer, kind, index});
                 });
    if (problem.empty() && request.geometry == Geometry::kBoxes && found > kMostProducers) {
        return format(
            "tensor %zu overlaps %zu parts that tasks have written: the device looks at %zu "
            "of them, drops the others without a word, and may start the task too early; "
            "read parts of it, or write larger ones",
            index, found, kMostProducers);
    }
    return problem;
}

std::string TensorRuntime::allocate_outputs(Submission& task, uint64_t& bytes) {
    const TaskRequest& request = task.request;
    for (size_t i = 0; i < request.tensor_count; ++i) {
        if (request.types[i] != TensorArgType::OUTPUT) continue;
        Tensor& tensor = task.tensors[i];
        void* const address = host_.allocate(tensor.buffer.size, task.caller);
        if (address == nullptr) {
            return format(
                "there is no memory for its output %zu of %llu bytes: the device is full "
                "(--sim-device-memory)",
                i, static_cast<unsigned long long>(tensor.buffer.size));
        }
        tensor.buffer.addr = reinterpret_cast<uint64_t>(address);
        tensor.owner_task_id = PTO2TaskId(static_cast<uint64_t>(task.id));
        bytes += round_up(tensor.buffer.size, Rings::kMemoryUnit);
        task.buffers[i] = map_.buffer(tensor.buffer.addr);
        map_.set_owner(task.buffers[i], task.id);
        if (Tensor* const given = request.tensors[i]; given != nullptr) {
            given->buffer.addr = tensor.buffer.addr;
            given->owner_task_id = tensor.owner_task_id;
        } else if (request.create_infos[i]->has_initial_value()) {
            host_.fill(address, tensor.buffer.size, request.create_infos[i]->initial_value(),
                       get_element_size(tensor.dtype));
            if (options_.side == Side::kDevice) host_.memory().open();
        }
    }
    return "";
}

void TensorRuntime::note_writes(const Submission& task) {
    const TaskRequest& request = task.request;
    for (size_t i = 0; i < request.tensor_count; ++i) {
        const TensorArgType type = request.types[i];
        if (type == TensorArgType::INPUT || type == TensorArgType::NO_DEP) continue;
        // A tensor that is made for a task is found by its owner, but before April by its entry.
        if (type == TensorArgType::OUTPUT && request.geometry == Geometry::kStrides) continue;
        const Tensor& tensor = task.tensors[i];
        if (!tensor.manual_dep) map_.insert(task.buffers[i], tensor, request.geometry, task.id);
    }
}

}  // namespace a2a3sim
