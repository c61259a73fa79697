#include "runtime/tensor_runtime.h"

#include <algorithm>
#include <type_traits>

#include "base/failure.h"
#include "base/memory.h"

namespace a2a3sim {

namespace {

constexpr size_t kMostDescriptors = size_t{1} << 32;
constexpr uint64_t kNoTask = ~uint64_t{0};
constexpr size_t kMostTaskArgs = PTO2_MAX_TENSOR_PARAMS + PTO2_MAX_SCALAR_PARAMS;

static_assert(kMostTaskArgs <= Graph::kMostTaskArgs);
static_assert(std::is_trivially_copyable_v<Tensor>);

std::string name_of(const MixedKernels& kernels) {
    std::string ids;
    for (const int32_t id :
         {kernels.aic_kernel_id, kernels.aiv0_kernel_id, kernels.aiv1_kernel_id}) {
        if (id != INVALID_KERNEL_ID) ids += format("%s%d", ids.empty() ? "" : ", ", id);
    }
    return "func_id " + ids;
}

}  // namespace

/// The functions behind TensorRuntimeOps.
struct TensorCalls {
    static TensorRuntime& self(void* state) { return *static_cast<TensorRuntime*>(state); }

    static uint64_t submit(void* state, const MixedKernels* kernels, const PTOParam* params) {
        return self(state).submit(*kernels, *params, __builtin_return_address(0));
    }

    static void add_dependency(void* state, uint64_t producer, uint64_t consumer) {
        self(state).add_dependency(producer, consumer);
    }

    static void scope_begin(void* state) { self(state).open_scope(); }

    static void scope_end(void* state) { self(state).close_scope(); }

    static bool is_fatal(const void* state) {
        return static_cast<const TensorRuntime*>(state)->is_fatal_;
    }

    static constexpr TensorRuntimeOps kOps{submit, add_dependency, scope_begin, scope_end,
                                           is_fatal};
};

TensorRuntime::TensorRuntime(RuntimeHost& host, Dependencies dependencies,
                             const a2a3_ring& ring_sizes)
    : host_(host),
      dependencies_(dependencies),
      rings_(ring_sizes),
      descriptors_(kMostDescriptors),
      runtime_{&TensorCalls::kOps, this} {
    open_scope();  // around all that the orchestration opens
}

std::vector<uint64_t> TensorRuntime::place_arguments(const std::vector<a2a3_argument>& args,
                                                     const std::vector<HostTensor>& tensors) {
    std::vector<uint64_t> placed;
    for (const a2a3_argument& arg : args) {
        if (arg.tensor < 0) {
            placed.push_back(arg.bits);
            continue;
        }
        const HostTensor& tensor = tensors[static_cast<size_t>(arg.tensor)];
        void* const device = host_.place_tensor(tensor);
        placed.push_back(reinterpret_cast<uint64_t>(device));
    }
    host_.memory().open();
    return placed;
}

void TensorRuntime::protect_descriptors() const { descriptors_.make_read_only(); }

bool TensorRuntime::is_open(int32_t scope) const {
    return std::find(open_scopes_.rbegin(), open_scopes_.rend(), scope) != open_scopes_.rend();
}

void TensorRuntime::fail(const std::string& problem) {
    is_fatal_ = true;
    host_.note(A2A3_FAILURE_GRAPH, problem);
}

void TensorRuntime::open_scope() {
    if (is_fatal_) return;
    const std::string problem = rings_.open_scope();
    if (!problem.empty()) return fail(problem);
    open_scopes_.push_back(scope_count_++);
}

void TensorRuntime::close_scope() {
    if (is_fatal_) return;
    if (open_scopes_.size() == 1) return fail("pto2_rt_scope_end: no scope is open");
    rings_.close_scope();
    open_scopes_.pop_back();
}

std::string TensorRuntime::find_buffers(Submission& task) {
    for (size_t i = 0; i < static_cast<size_t>(task.params.tensor_count); ++i) {
        const Tensor& tensor = *task.params.tensors[i];
        if (tensor.buffer.addr == 0) continue;  // an output without memory
        if (tensor.ndims > RUNTIME_MAX_TENSOR_DIMS) {
            return format("tensor %zu has %u dimensions: it was never initialised", i,
                          tensor.ndims);
        }
        const int32_t known = map_.buffer_count();
        const int32_t buffer = task.buffers[i] = map_.buffer(tensor.buffer.addr);
        if (buffer == known) {
            const void* const address = reinterpret_cast<const void*>(tensor.buffer.addr);
            const std::string problem = host_.memory().check_range(address, 0);
            if (!problem.empty()) {
                return format(
                    "tensor %zu: %s; a tensor's buffer is an argument of the "
                    "orchestration or an output of a task",
                    i, problem.c_str());
            }
        }
        const int32_t owner = map_.owner(buffer);
        if (owner >= 0 && !is_open(submitted_[static_cast<size_t>(owner)].scope)) {
            return format(
                "tensor %zu is an output of task %d, whose scope has ended: the device may have "
                "given its memory to another task since; submit both in one scope, or give the "
                "tensor memory that outlives it, such as an argument's",
                i, submitted_[static_cast<size_t>(owner)].first_task);
        }
    }
    return "";
}

std::string TensorRuntime::add_producer(Submission& task, int32_t producer) {
    const auto end = task.producers.begin() + static_cast<ptrdiff_t>(task.producer_count);
    if (std::find(task.producers.begin(), end, producer) != end) return "";
    if (task.producer_count == kMostProducers) {
        return format(
            "it depends on more than %zu tasks: the device keeps %zu, drops the others without a "
            "word, and starts the task too early; let fewer tasks write what it reads, or let "
            "tasks in between gather them",
            kMostProducers, kMostProducers);
    }
    task.producers[task.producer_count++] = producer;
    return "";
}

std::string TensorRuntime::derive_dependencies(Submission& task) {
    for (size_t i = 0; i < static_cast<size_t>(task.params.tensor_count); ++i) {
        const Tensor& tensor = *task.params.tensors[i];
        const PTOParamType type = task.params.tensor_types[i];
        if (type == PTOParamType::OUTPUT || tensor.manual_dep) continue;
        size_t found = 0;
        std::string problem;
        map_.look_up(task.buffers[i], tensor, type == PTOParamType::INOUT, [&](int32_t producer) {
            ++found;
            if (problem.empty()) problem = add_producer(task, producer);
        });
        if (!problem.empty()) return problem;
        if (found > kMostProducers) {
            return format(
                "tensor %zu overlaps %zu parts that tasks have written: the device looks at %zu "
                "of them, drops the others without a word, and may start the task too early; "
                "read parts of it, or write larger ones",
                i, found, kMostProducers);
        }
    }
    return "";
}

std::string TensorRuntime::allocate_outputs(Submission& task, uint64_t& bytes) {
    for (size_t i = 0; i < static_cast<size_t>(task.params.tensor_count); ++i) {
        Tensor& tensor = *task.params.tensors[i];
        if (task.params.tensor_types[i] != PTOParamType::OUTPUT || tensor.buffer.addr != 0)
            continue;
        void* const address = host_.allocate(tensor.buffer.size, task.caller);
        if (address == nullptr) {
            return format(
                "there is no memory for its output %zu of %llu bytes: the device is full "
                "(--sim-device-memory)",
                i, static_cast<unsigned long long>(tensor.buffer.size));
        }
        tensor.buffer.addr = reinterpret_cast<uint64_t>(address);
        bytes += round_up(tensor.buffer.size, Rings::kMemoryUnit);
        task.buffers[i] = map_.buffer(tensor.buffer.addr);
        task.is_allocated[i] = true;
        map_.set_owner(task.buffers[i], task.id);
    }
    return "";
}

void TensorRuntime::note_writes(const Submission& task) {
    for (size_t i = 0; i < static_cast<size_t>(task.params.tensor_count); ++i) {
        const Tensor& tensor = *task.params.tensors[i];
        if (task.params.tensor_types[i] == PTOParamType::INPUT || tensor.manual_dep) continue;
        map_.insert(task.buffers[i], tensor, task.id);
    }
}

void TensorRuntime::connect(const Submitted& producer, const Submitted& consumer) {
    for (int32_t from = 0; from < producer.task_count; ++from) {
        for (int32_t to = 0; to < consumer.task_count; ++to) {
            host_.graph().add_successor(producer.first_task + from, consumer.first_task + to);
        }
    }
}

void TensorRuntime::add_to_graph(const Submission& task) {
    const auto tensors = static_cast<size_t>(task.params.tensor_count);
    const auto scalars = static_cast<size_t>(task.params.scalar_count);
    uint64_t args[kMostTaskArgs];
    Tensor* const copies = descriptors_.extend(tensors);
    for (size_t i = 0; i < tensors; ++i) {
        copies[i] = *task.params.tensors[i];
        copies[i].update_start_offset();
        args[i] = reinterpret_cast<uint64_t>(&copies[i]);
    }
    copy_args(args + tensors, task.params.scalars, scalars);
    Submitted made{host_.graph().task_count(), 0, open_scopes_.back()};
    const auto add = [&](int32_t kernel, CoreType core_type) {
        if (kernel == INVALID_KERNEL_ID) return;
        host_.note_submitter(task.caller);
        host_.graph().add_task(args, static_cast<int>(tensors + scalars), kernel, core_type);
        ++made.task_count;
    };
    add(task.kernels.aic_kernel_id, CoreType::AIC);
    add(task.kernels.aiv0_kernel_id, CoreType::AIV);
    add(task.kernels.aiv1_kernel_id, CoreType::AIV);
    for (size_t i = 0; i < task.producer_count; ++i) {
        connect(submitted_[static_cast<size_t>(task.producers[i])], made);
    }
    submitted_.push_back(made);
}

uint64_t TensorRuntime::submit(const MixedKernels& kernels, const PTOParam& params,
                               const void* caller) {
    host_.count_call();
    if (is_fatal_) return kNoTask;
    Submission task{kernels, params, caller, static_cast<int32_t>(submitted_.size())};
    const auto refuse = [&](const std::string& problem) {
        fail(format("task %d (%s): %s", host_.graph().task_count(), name_of(kernels).c_str(),
                    problem.c_str()));
        return kNoTask;
    };
    if (params.has_error) return refuse(params.error_msg);
    if (kernels.aic_kernel_id == INVALID_KERNEL_ID && kernels.aiv0_kernel_id == INVALID_KERNEL_ID &&
        kernels.aiv1_kernel_id == INVALID_KERNEL_ID) {
        return refuse("it has no kernel: every id is -1");
    }
    Rings::Demand demand{0, 0};
    std::string problem = find_buffers(task);
    if (problem.empty() && dependencies_ == Dependencies::kDerived) {
        problem = derive_dependencies(task);
    }
    if (problem.empty()) problem = allocate_outputs(task, demand.bytes);
    demand.dependencies = task.producer_count;
    if (problem.empty()) problem = rings_.add_task(demand);
    if (!problem.empty()) return refuse(problem);
    if (dependencies_ == Dependencies::kDerived) note_writes(task);
    add_to_graph(task);
    return static_cast<uint64_t>(task.id);
}

void TensorRuntime::add_dependency(uint64_t producer, uint64_t consumer) {
    host_.count_call();
    if (is_fatal_) return;
    const uint64_t count = submitted_.size();
    if (producer >= count || consumer >= count) {
        const char* const which = producer >= count ? "producer" : "consumer";
        return fail(format("pto2_rt_add_dependency: the %s is no task that was submitted", which));
    }
    const Submitted& before = submitted_[producer];
    const Submitted& after = submitted_[consumer];
    if (!is_open(after.scope)) {
        return fail(
            format("pto2_rt_add_dependency: the scope of the consumer, task %d, has ended, "
                   "and it may run already; add dependencies before the scope ends",
                   after.first_task));
    }
    connect(before, after);
}

}  // namespace a2a3sim
