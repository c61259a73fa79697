// Elements of tensors that an orchestration reads and sets, while tasks run that it may have to
// wait for.
#include <algorithm>

#include "base/failure.h"
#include "runtime/tensor_runtime.h"

namespace a2a3sim {

namespace {

void add_once(std::vector<int32_t>& tasks, int32_t task) {
    if (std::find(tasks.begin(), tasks.end(), task) == tasks.end()) tasks.push_back(task);
}

}  // namespace

uint64_t TensorRuntime::address_of(const Tensor& tensor, uint32_t ndims,
                                   const uint32_t* indices) const {
    const uint64_t size = get_element_size(tensor.dtype);
    if (ndims != tensor.ndims || size == 0) {
        throw Refusal(format("%u indices for a tensor of %u dimensions", ndims, tensor.ndims));
    }
    for (uint32_t i = 0; i < ndims; ++i) {
        if (indices[i] >= tensor.shapes[i]) {
            throw Refusal(format("index %u of dimension %u, which has %u elements", indices[i], i,
                                 tensor.shapes[i]));
        }
    }
    const uint64_t address = tensor.buffer.addr + tensor.compute_flat_offset(indices, ndims) * size;
    const std::string problem =
        host_.memory().check_range(reinterpret_cast<const void*>(address), size);
    if (!problem.empty()) throw Refusal(problem);
    return address;
}

std::vector<int32_t> TensorRuntime::writers_of(const Tensor& tensor) {
    std::vector<int32_t> tasks;
    const auto add = [&](int32_t producer) {
        const Submitted& its = submitted(producer);
        for (int32_t i = 0; i < its.task_count; ++i) add_once(tasks, its.first_task + i);
        if (its.behind < 0) return;
        for (const int32_t task : behind_[static_cast<size_t>(its.behind)]) add_once(tasks, task);
    };
    const int32_t buffer = map_.buffer(tensor.buffer.addr);
    if (const int32_t owner = map_.owner(buffer); owner >= 0) add(owner);
    if (!tensor.manual_dep) map_.look_up(buffer, tensor, Geometry::kStrides, false, add);
    return tasks;
}

std::vector<int32_t> TensorRuntime::with_readers(const std::vector<int32_t>& writers) {
    std::vector<int32_t> tasks = writers;
    for (const int32_t writer : writers) {
        for (const int32_t reader : host_.graph().successors(writer)) add_once(tasks, reader);
    }
    return tasks;
}

std::vector<bool> TensorRuntime::up_to(const std::vector<int32_t>& tasks) {
    std::vector<bool> leads(static_cast<size_t>(host_.graph().task_count()), false);
    for (const int32_t task : tasks) leads[static_cast<size_t>(task)] = true;
    // Edges lead to tasks that were submitted later.
    for (size_t id = leads.size(); id-- > 0;) {
        if (leads[id]) continue;
        const std::vector<int> successors = host_.graph().successors(static_cast<int>(id));
        leads[id] = std::any_of(successors.begin(), successors.end(),
                                [&](int to) { return leads[static_cast<size_t>(to)]; });
    }
    return leads;
}

void TensorRuntime::check_wait(const Tensor& tensor, const std::vector<int32_t>& tasks,
                               bool writes) {
    const int32_t buffer = map_.buffer(tensor.buffer.addr);
    const bool must_wait = writes ? map_.is_used(buffer) : map_.is_written(buffer);
    if (!must_wait) return;
    if (options_.side == Side::kHost) {
        throw Refusal(
            format("tasks that were submitted before %s the tensor, and none starts before the "
                   "orchestration of host_build_graph returns; have a kernel %s the element",
                   writes ? "use" : "write", writes ? "set" : "read"));
    }
    if (!writes) {
        if (!tasks.empty()) return;
        throw Refusal(
            "tasks that were submitted before write the tensor, which the runtime knows nothing "
            "of: it does not wait for them; pass the tensor to add_inout of these tasks");
    }
    const std::vector<bool> waited = up_to(tasks);
    const GraphBuilder& graph = host_.graph();
    for (int32_t id = 0; id < graph.task_count(); ++id) {
        if (waited[static_cast<size_t>(id)]) continue;
        const std::vector<uint64_t> args = graph.args_of(id);
        const bool uses = std::any_of(args.begin(), args.end(), [&](uint64_t argument) {
            return is_descriptor(argument) &&
                   reinterpret_cast<const Tensor*>(argument)->buffer.addr == tensor.buffer.addr;
        });
        if (!uses) continue;
        throw Refusal(
            format("task %d uses the tensor, and the runtime does not wait for it: it waits for "
                   "those that write the tensor, and for those that wait for these; pass the "
                   "tensor to add_inout of that task",
                   id));
    }
}

void TensorRuntime::wait_for(const std::vector<int32_t>& tasks) {
    if (tasks.empty()) return;
    // What was submitted since the last wait has waited for all that this one was for.
    const bool follows =
        std::any_of(tasks.begin(), tasks.end(), [&](int32_t task) { return task >= waited_at_; });
    if (follows) waited_for_.clear();
    for (const int32_t task : tasks) add_once(waited_for_, task);
    waited_at_ = host_.graph().task_count();
}

void TensorRuntime::connect_to_waited(const Submitted& consumer) {
    for (const int32_t task : waited_for_) {
        for (int32_t i = 0; i < consumer.task_count; ++i) {
            host_.graph().add_successor(task, consumer.first_task + i);
        }
        if (!options_.records_dependencies) continue;
        a2a3_dependency why{};
        why.kind = A2A3_DEPENDENCY_WAITED;
        why.tensor = -1;
        why.buffer = -1;
        why.source = task;
        why.source_count = 1;
        why.target = consumer.first_task;
        why.target_count = consumer.task_count;
        dependencies_.push_back(why);
    }
}

uint64_t TensorRuntime::get_data(const Tensor& tensor, uint32_t ndims, const uint32_t* indices) {
    const uint64_t address = address_of(tensor, ndims, indices);
    const std::vector<int32_t> writers = writers_of(tensor);
    check_wait(tensor, writers, false);
    const size_t size = get_element_size(tensor.dtype);
    uint64_t value = 0;
    if (writers.empty() && !host_.graph().has_writes()) {
        host_.memory().copy_out(&value, reinterpret_cast<const void*>(address), size);
        if (options_.side == Side::kDevice) host_.memory().open();
        return value;
    }
    value = options_.run_ahead(up_to(writers), address, size);
    is_fatal_ = host_.has_failed();
    wait_for(writers);
    return value;
}

void TensorRuntime::set_data(const Tensor& tensor, uint32_t ndims, const uint32_t* indices,
                             uint64_t value) {
    const uint64_t address = address_of(tensor, ndims, indices);
    const std::vector<int32_t> tasks = with_readers(writers_of(tensor));
    check_wait(tensor, tasks, true);
    const size_t size = get_element_size(tensor.dtype);
    if (tasks.empty() && !host_.graph().has_writes()) {
        host_.write(reinterpret_cast<void*>(address), size, value);
        if (options_.side == Side::kDevice) host_.memory().open();
        return;
    }
    wait_for(tasks);
    host_.write_later(address, size, value);
}

}  // namespace a2a3sim
