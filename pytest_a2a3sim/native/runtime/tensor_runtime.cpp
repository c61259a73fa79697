#include "runtime/tensor_runtime.h"

#include <algorithm>
#include <type_traits>

#include "base/failure.h"
#include "tensors/intrinsic.h"

namespace a2a3sim {

namespace {

constexpr size_t kMostScalars = 128;

static_assert(kMostOutputs + kMostScalars <= Graph::kMostTaskArgs);
static_assert(std::is_trivially_copyable_v<Tensor>);

}  // namespace

TensorRuntime::TensorRuntime(RuntimeHost& host, const Options& options)
    : host_(host), options_(options), rings_(options.ring_sizes), runtime_{&kOps, this} {
    open_scope(PTO2ScopeMode::AUTO);  // around all that the orchestration opens
}

EntryArguments TensorRuntime::place_arguments(const std::vector<a2a3_argument>& args,
                                              const std::vector<HostTensor>& tensors) {
    EntryArguments placed;
    for (const a2a3_argument& arg : args) {
        if (arg.tensor < 0) {
            placed.add_scalar(arg.bits);
            continue;
        }
        const HostTensor& tensor = tensors[static_cast<size_t>(arg.tensor)];
        const auto address = reinterpret_cast<uint64_t>(host_.place_tensor(tensor));
        places_.resize(tensors.size());
        places_[static_cast<size_t>(arg.tensor)] = address;
        placed.add_tensor(tensor, address);
    }
    if (options_.side == Side::kDevice) host_.memory().open();
    return placed;
}

void TensorRuntime::protect_descriptors() const { descriptors_.make_read_only(); }

bool TensorRuntime::is_open(int32_t scope) const {
    return std::any_of(scopes_.rbegin(), scopes_.rend(),
                       [&](const Scope& open) { return open.number == scope; });
}

void TensorRuntime::fail(const std::string& problem) {
    is_fatal_ = true;
    host_.note(A2A3_FAILURE_GRAPH, problem);
}

void TensorRuntime::open_scope(PTO2ScopeMode mode) {
    if (mode == PTO2ScopeMode::AUTO && !scopes_.empty() &&
        scopes_.back().mode == PTO2ScopeMode::MANUAL) {
        throw Refusal("a scope of mode AUTO is opened within one of mode MANUAL: error 5 there");
    }
    rings_.open_scope();
    scopes_.push_back({scope_count_++, mode});
}

void TensorRuntime::close_scope() {
    if (scopes_.size() == 1) throw Refusal("no scope is open");
    rings_.close_scope();
    scopes_.pop_back();
}

/// Has the consumer's tasks wait for those of the producer, and notes why, if it is said.
void TensorRuntime::connect(int32_t producer, const Submitted& consumer,
                            const a2a3_dependency* why) {
    const auto add = [&](int32_t first, int32_t count) {
        for (int32_t from = first; from < first + count; ++from) {
            for (int32_t to = 0; to < consumer.task_count; ++to) {
                host_.graph().add_successor(from, consumer.first_task + to);
            }
        }
        if (why == nullptr || count == 0) return;
        a2a3_dependency& made = dependencies_.emplace_back(*why);
        made.source = first;
        made.source_count = count;
        made.target = consumer.first_task;
        made.target_count = consumer.task_count;
    };
    const Submitted& before = submitted(producer);
    add(before.first_task, before.task_count);
    if (before.behind < 0) return;
    for (const int32_t from : behind_[static_cast<size_t>(before.behind)]) add(from, 1);
}

a2a3_dependency TensorRuntime::reason(const Submission& task, const Producer& producer) const {
    a2a3_dependency why{};
    why.kind = producer.kind;
    why.tensor = -1;
    why.buffer = -1;
    if (producer.kind == A2A3_DEPENDENCY_EXPLICIT) return why;
    const Tensor& tensor = *task.tensors[producer.tensor];
    const auto place = std::find(places_.begin(), places_.end(), tensor.buffer.addr);
    if (place != places_.end()) why.tensor = static_cast<int32_t>(place - places_.begin());
    const void* const address = reinterpret_cast<const void*>(tensor.buffer.addr);
    why.buffer = static_cast<int64_t>(host_.memory().buffer_at(address));
    why.start = tensor.start_offset;
    why.ndims = tensor.ndims;
    std::copy_n(tensor.shapes, tensor.ndims, why.shape);
    std::copy_n(tensor.strides, tensor.ndims, why.strides);
    return why;
}

void TensorRuntime::add_to_graph(const Submission& task) {
    const TaskRequest& request = task.request;
    const size_t tensors = request.tensor_count;
    const size_t scalars = request.scalar_count;
    uint64_t words[TaskNode::kPlaceWords + kMostOutputs + kMostScalars];
    uint64_t* const args = words + TaskNode::kPlaceWords;
    if (request.is_scalar != nullptr) {
        size_t tensor = 0;
        size_t scalar = 0;
        for (size_t i = 0; i < tensors + scalars; ++i) {
            args[i] = request.is_scalar[i] ? request.scalars[scalar++]
                                           : reinterpret_cast<uint64_t>(task.tensors[tensor++]);
        }
    } else {
        for (size_t i = 0; i < tensors; ++i) args[i] = reinterpret_cast<uint64_t>(task.tensors[i]);
        copy_args(args + tensors, request.scalars, scalars);
    }
    Submitted made{host_.graph().task_count(), 0, scopes_.back().number, -1};
    const auto add = [&](int32_t kernel, CoreType core_type, uint64_t sub_block) {
        if (kernel == INVALID_KERNEL_ID) return;
        args[kSubBlock] = sub_block;
        host_.note_submitter(task.caller);
        const int id = host_.graph().add_placed_task(words, static_cast<int>(tensors + scalars),
                                                     kernel, core_type);
        if (request.predicate != nullptr) host_.graph().set_condition(id, task.condition);
        ++made.task_count;
    };
    if (request.kind == TaskRequest::Kind::kKernels) {
        args[kBlockNum] = static_cast<uint64_t>(request.block_num);
        for (int32_t block = 0; block < request.block_num; ++block) {
            args[kBlockIndex] = static_cast<uint64_t>(block);
            const int first = host_.graph().task_count();
            add(request.kernels.aic_kernel_id, CoreType::AIC, 0);
            add(request.kernels.aiv0_kernel_id, CoreType::AIV, 0);
            add(request.kernels.aiv1_kernel_id, CoreType::AIV, 1);
            host_.graph().start_together(first, host_.graph().task_count() - first, 1);
        }
        if (request.sync_start) {
            host_.graph().start_together(made.first_task, made.task_count, clusters_of(request));
        }
        for (const Producer& producer : producers_) {
            if (options_.records_dependencies) {
                const a2a3_dependency why = reason(task, producer);
                connect(producer.task, made, &why);
            } else {
                connect(producer.task, made, nullptr);
            }
        }
        connect_to_waited(made);
    } else if (!producers_.empty()) {
        made.behind = static_cast<int32_t>(behind_.size());
        std::vector<int32_t> before;
        for (const Producer& producer : producers_) {
            const Submitted& its = submitted(producer.task);
            for (int32_t i = 0; i < its.task_count; ++i) before.push_back(its.first_task + i);
            if (its.behind < 0) continue;
            const std::vector<int32_t>& others = behind_[static_cast<size_t>(its.behind)];
            before.insert(before.end(), others.begin(), others.end());
        }
        std::sort(before.begin(), before.end());
        before.erase(std::unique(before.begin(), before.end()), before.end());
        behind_.push_back(std::move(before));
    }
    submitted_.push_back(made);
}

void TensorRuntime::submit(const TaskRequest& request, const void* caller, SubmittedTask& made) {
    Submission task(request, caller, static_cast<int32_t>(submitted_.size()));
    producers_.clear();
    check(request);
    copy_tensors(task);
    if (request.predicate != nullptr) task.condition = find_condition(*request.predicate);
    find_producers(task);
    const uint64_t bytes = allocate_outputs(task);
    rings_.add_task({bytes, producers_.size()});
    if (derives()) note_writes(task);
    add_to_graph(task);
    made.id = PTO2TaskId(static_cast<uint64_t>(task.id));
    for (size_t i = 0; i < request.tensor_count; ++i) {
        if (request.kind == TaskRequest::Kind::kKernels) {
            map_.note_use(task.buffers[i], request.types[i] != TensorArgType::INPUT);
        }
        if (request.types[i] == TensorArgType::OUTPUT) {
            made.outputs[made.output_count++] = task.tensors[i];
        }
    }
}

void TensorRuntime::add_dependency(PTO2TaskId producer, PTO2TaskId consumer) {
    const uint64_t count = submitted_.size();
    if (producer.raw >= count || consumer.raw >= count) {
        const char* const which = producer.raw >= count ? "producer" : "consumer";
        throw Refusal(format("the %s is no task that was submitted", which));
    }
    const Submitted& after = submitted_[consumer.raw];
    if (!is_open(after.scope)) {
        throw Refusal(
            format("the scope of the consumer, task %d, has ended, and it may run already; add "
                   "dependencies before the scope ends",
                   after.first_task));
    }
    a2a3_dependency why{};
    why.tensor = -1;
    why.buffer = -1;
    connect(static_cast<int32_t>(producer.raw), after,
            options_.records_dependencies ? &why : nullptr);
}

}  // namespace a2a3sim
