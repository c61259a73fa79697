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

void TensorRuntime::check(const TaskRequest& request) const {
    if (request.error != nullptr) throw Refusal(request.error);
    const MixedKernels& kernels = request.kernels;
    if (request.kind == TaskRequest::Kind::kKernels && kernels.aic_kernel_id == INVALID_KERNEL_ID &&
        kernels.aiv0_kernel_id == INVALID_KERNEL_ID &&
        kernels.aiv1_kernel_id == INVALID_KERNEL_ID) {
        throw Refusal("it has no kernel: every id is -1");
    }
    if (request.block_num < 1) {
        throw Refusal(format("block_num is %d; a task has at least one block", request.block_num));
    }
    if (request.sync_start && request.block_num > 1) {
        const bool is_vector = has_one_vector_kernel(request);
        const int cores = options_.block_dim * (is_vector ? kAivPerBlock : 1);
        if (request.block_num > cores) {
            throw Refusal(format(
                "its %d blocks must start together, and there are %d %s: the device waits for "
                "ever (error 7); have fewer blocks, or a larger block_dim in kernel_config.py",
                request.block_num, cores, is_vector ? "vector cores" : "clusters"));
        }
    }
    if (request.kind == TaskRequest::Kind::kAllocation) {
        const TensorArgType* const end = request.types + request.tensor_count;
        if (request.tensor_count == 0 || request.scalar_count != 0 ||
            std::any_of(request.types, end,
                        [](TensorArgType type) { return type != TensorArgType::OUTPUT; })) {
            throw Refusal("alloc_tensors takes outputs that get memory, and nothing else");
        }
    }
}

void TensorRuntime::copy_tensors(Submission& task) {
    const TaskRequest& request = task.request;
    for (size_t i = 0; i < request.tensor_count; ++i) {
        const Tensor* const given = request.tensors[i];
        const Tensor& tensor = given != nullptr ? *given : request.create_infos[i]->tensor();
        if (tensor.ndims > MAX_TENSOR_DIMS) {
            throw Refusal(
                format("tensor %zu has %u dimensions: it was never initialised", i, tensor.ndims));
        }
        // Only a task that was submitted owns memory; other numbers are what lay there before.
        const PTO2TaskId owner = tensor.owner_task_id;
        if (owner.is_valid() && owner.raw >= submitted_.size()) {
            throw Refusal(format("tensor %zu belongs to no task: it was never initialised", i));
        }
        task.tensors[i] = copy_of(tensor, request.geometry, request.types[i]);
        if (request.types[i] != TensorArgType::OUTPUT) find_buffer(task, i);
    }
}

Tensor* TensorRuntime::copy_of(const Tensor& tensor, Geometry geometry, TensorArgType type) {
    const uint64_t start = geometry == Geometry::kBoxes ? tensor.box_offset() : tensor.start_offset;
    if (type != TensorArgType::OUTPUT && start == tensor.start_offset) {
        return descriptors_.share(tensor);
    }
    Tensor* const copy = descriptors_.add(tensor);
    copy->start_offset = start;
    return copy;
}

void TensorRuntime::find_buffer(Submission& task, size_t index) {
    const Tensor& tensor = *task.tensors[index];
    const int32_t known = map_.buffer_count();
    const int32_t buffer = task.buffers[index] = map_.buffer(tensor.buffer.addr);
    if (buffer == known) {
        const void* const address = reinterpret_cast<const void*>(tensor.buffer.addr);
        const std::string problem = host_.memory().check_range(address, 0);
        if (!problem.empty()) {
            throw Refusal(
                format("tensor %zu: %s; a tensor's buffer is an argument of the "
                       "orchestration or an output of a task",
                       index, problem.c_str()));
        }
    }
    const int32_t owner = map_.owner(buffer);
    if (owner >= 0 && !is_open(submitted(owner).scope)) {
        throw Refusal(
            format("tensor %zu is an output of task %d, whose scope has ended: the device may have "
                   "given its memory to another task since; submit both in one scope, or give the "
                   "tensor memory that outlives it, such as an argument's",
                   index, submitted(owner).first_task));
    }
}

Condition TensorRuntime::find_condition(const CoreTaskPredicate& predicate) const {
    const CorePredicateOperand& operand = predicate.operand;
    if (operand.tensor == nullptr) throw Refusal("its predicate has no tensor");
    Condition condition{};
    try {
        condition.address = address_of(*operand.tensor, operand.ndims, operand.indices);
    } catch (const Refusal& refusal) {
        throw Refusal(std::string("its predicate: ") + refusal.what());
    }
    condition.size = get_element_size(operand.tensor->dtype);
    condition.target = predicate.target;
    using Comparison = Condition::Comparison;
    constexpr Comparison kComparisons[] = {Comparison::kEqual,          Comparison::kUnequal,
                                           Comparison::kGreater,        Comparison::kLess,
                                           Comparison::kGreaterOrEqual, Comparison::kLessOrEqual};
    condition.comparison = kComparisons[static_cast<size_t>(predicate.op) - 1];
    return condition;
}

void TensorRuntime::add_producer(const Submission& task, const Producer& producer) {
    const auto is_same = [&](const Producer& other) { return other.task == producer.task; };
    if (std::any_of(producers_.begin(), producers_.end(), is_same)) return;
    if (task.request.geometry == Geometry::kBoxes && producers_.size() == kMostProducers) {
        throw Refusal(
            format("it depends on more than %zu tasks: the device keeps %zu, drops the others "
                   "without a word, and starts the task too early; let fewer tasks write what it "
                   "reads, or let tasks in between gather them",
                   kMostProducers, kMostProducers));
    }
    producers_.push_back(producer);
}

void TensorRuntime::find_producers(const Submission& task) {
    const TaskRequest& request = task.request;
    for (uint32_t i = 0; i < request.dependency_count; ++i) {
        const PTO2TaskId id = request.dependencies[i];
        if (id.raw >= submitted_.size()) {
            throw Refusal(
                format("dependency %u is no task that was submitted: set_dependencies", i));
        }
        add_producer(task, {static_cast<int32_t>(id.raw), A2A3_DEPENDENCY_EXPLICIT, 0});
    }
    if (!derives()) return;
    for (size_t i = 0; i < request.tensor_count; ++i) {
        const TensorArgType type = request.types[i];
        if (type == TensorArgType::OUTPUT) continue;
        const Tensor& tensor = *task.tensors[i];
        if (request.geometry == Geometry::kStrides && tensor.owner_task_id.is_valid()) {
            const auto owner = static_cast<int32_t>(tensor.owner_task_id.raw);
            add_producer(task, {owner, A2A3_DEPENDENCY_CREATOR, i});
        }
        const bool looks = type == TensorArgType::INPUT || type == TensorArgType::INOUT;
        if (looks && !tensor.manual_dep) look_up(task, i);
    }
}

void TensorRuntime::look_up(const Submission& task, size_t index) {
    const TaskRequest& request = task.request;
    const bool is_written = request.types[index] == TensorArgType::INOUT;
    const auto kind = is_written ? A2A3_DEPENDENCY_RAW_WAW : A2A3_DEPENDENCY_RAW;
    size_t found = 0;
    map_.look_up(task.buffers[index], *task.tensors[index], request.geometry, is_written,
                 [&](int32_t producer) {
                     ++found;
                     add_producer(task, {producer, kind, index});
                 });
    if (request.geometry == Geometry::kBoxes && found > kMostProducers) {
        throw Refusal(
            format("tensor %zu overlaps %zu parts that tasks have written: the device looks at "
                   "%zu of them, drops the others without a word, and may start the task too "
                   "early; read parts of it, or write larger ones",
                   index, found, kMostProducers));
    }
}

uint64_t TensorRuntime::allocate_outputs(Submission& task) {
    uint64_t bytes = 0;
    const TaskRequest& request = task.request;
    for (size_t i = 0; i < request.tensor_count; ++i) {
        if (request.types[i] != TensorArgType::OUTPUT) continue;
        Tensor& tensor = *task.tensors[i];
        void* const address = host_.allocate(tensor.buffer.size, task.caller);
        if (address == nullptr) {
            throw Refusal(
                format("there is no memory for its output %zu of %llu bytes: the device is full "
                       "(--sim-device-memory)",
                       i, static_cast<unsigned long long>(tensor.buffer.size)));
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
    return bytes;
}

void TensorRuntime::note_writes(const Submission& task) {
    const TaskRequest& request = task.request;
    for (size_t i = 0; i < request.tensor_count; ++i) {
        const TensorArgType type = request.types[i];
        if (type == TensorArgType::INPUT || type == TensorArgType::NO_DEP) continue;
        // A tensor that is made for a task is found by its owner, but before April by its entry.
        if (type == TensorArgType::OUTPUT && request.geometry == Geometry::kStrides) continue;
        const Tensor& tensor = *task.tensors[i];
        if (!tensor.manual_dep) map_.insert(task.buffers[i], tensor, request.geometry, task.id);
    }
}

}  // namespace a2a3sim
