#include "graph/graph.h"

#include <algorithm>
#include <utility>

#include "base/failure.h"

namespace a2a3sim {

namespace {

std::string describe(const Graph& graph, const KernelTable& kernels, int id) {
    const Kernel& kernel = kernels[graph.tasks[static_cast<size_t>(id)].kernel];
    return format("task %d (%s)", id, kernel.name.c_str());
}

/// A cycle among the tasks that a topological sort left over, in edge order.
std::vector<int> find_cycle(const Graph& graph, const std::vector<int32_t>& unmet) {
    std::vector<int> predecessor(graph.tasks.size(), -1);
    int start = -1;
    for (int id = 0; id < graph.task_count(); ++id) {
        if (unmet[static_cast<size_t>(id)] == 0) continue;
        start = id;
        graph.for_each_successor(graph.tasks[static_cast<size_t>(id)], [&](int32_t successor) {
            predecessor[static_cast<size_t>(successor)] = id;
        });
    }
    // Each task left over has a predecessor that is left over: walking back must repeat a task.
    std::vector<bool> seen(graph.tasks.size(), false);
    int id = start;
    while (!seen[static_cast<size_t>(id)]) {
        seen[static_cast<size_t>(id)] = true;
        id = predecessor[static_cast<size_t>(id)];
    }
    std::vector<int> cycle;
    const int meeting = id;
    do {
        cycle.push_back(id);
        id = predecessor[static_cast<size_t>(id)];
    } while (id != meeting);
    std::reverse(cycle.begin(), cycle.end());
    std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
    return cycle;
}

/// A topological sort; throws CaseFailure naming a cycle if there is one.
void check_acyclic(const Graph& graph, const KernelTable& kernels) {
    std::vector<int32_t> unmet(graph.tasks.size());
    for (size_t id = 0; id < unmet.size(); ++id) unmet[id] = graph.tasks[id].fanin;
    std::vector<int32_t> ready(graph.roots.begin(), graph.roots.end());
    ready.reserve(graph.tasks.size());
    for (size_t done = 0; done < ready.size(); ++done) {
        const TaskNode& task = graph.tasks[static_cast<size_t>(ready[done])];
        graph.for_each_successor(task, [&](int32_t successor) {
            if (--unmet[static_cast<size_t>(successor)] == 0) ready.push_back(successor);
        });
    }
    if (ready.size() == graph.tasks.size()) return;

    constexpr size_t kShown = 12;
    const std::vector<int> cycle = find_cycle(graph, unmet);
    std::string path;
    for (size_t i = 0; i < std::min(cycle.size(), kShown); ++i) {
        path += describe(graph, kernels, cycle[i]) + " -> ";
    }
    if (cycle.size() > kShown) path += format("%zu more -> ", cycle.size() - kShown);
    path += format("task %d", cycle.front());
    throw CaseFailure(
        A2A3_FAILURE_GRAPH,
        format("the graph has a cycle of %zu task%s, so none of them can ever start: %s",
               cycle.size(), cycle.size() == 1 ? "" : "s", path.c_str()),
        cycle.front());
}

}  // namespace

bool Condition::holds() const {
    int64_t value = 0;
    std::memcpy(&value, reinterpret_cast<const void*>(address), size);
    const auto unused = static_cast<int>(8 * (sizeof value - size));
    value = static_cast<int64_t>(static_cast<uint64_t>(value) << unused) >> unused;
    switch (comparison) {
        case Comparison::kEqual:
            return value == target;
        case Comparison::kUnequal:
            return value != target;
        case Comparison::kGreater:
            return value > target;
        case Comparison::kLess:
            return value < target;
        case Comparison::kGreaterOrEqual:
            return value >= target;
        case Comparison::kLessOrEqual:
            return value <= target;
    }
    return true;
}

void GraphBuilder::refuse_task() {
    throw CaseFailure(A2A3_FAILURE_GRAPH,
                      format("a graph holds at most %zu tasks", Graph::kMaxTasks));
}

void GraphBuilder::refuse_edge() {
    throw CaseFailure(A2A3_FAILURE_GRAPH, format("a graph holds at most %u edges", kMostEdges));
}

int GraphBuilder::initial_ready_tasks(int* ready) const {
    int count = 0;
    for (int id = 0; id < task_count(); ++id) {
        if (task(id).fanin != 0) continue;
        if (ready != nullptr) ready[count] = id;
        ++count;
    }
    return count;
}

std::vector<int> GraphBuilder::successors(int id) const {
    std::vector<int> ids;
    graph_.for_each_successor(task(id), [&](int32_t successor) { ids.push_back(successor); });
    return ids;
}

Task* GraphBuilder::view(int id) {
    const auto [entry, is_new] = views_.try_emplace(id);
    View& view = entry->second;
    const TaskNode& node = task(id);
    if (is_new) {
        view.task.task_id = id;
        view.task.func_id = func_id(id);
        view.task.num_args = node.num_args;
        view.task.core_type = node.core_type();
        std::copy_n(graph_.args.begin() + node.first_arg, node.num_args, view.task.args);
    }
    view.fanout = successors(id);
    view.task.fanin = node.fanin;
    view.task.fanout = view.fanout.data();
    view.task.fanout_count = static_cast<int>(view.fanout.size());
    return &view.task;
}

void GraphBuilder::apply_views() {
    for (const auto& [id, view] : views_) {
        TaskNode& node = graph_.tasks[static_cast<size_t>(id)];
        const Task& task = view.task;
        if (task.num_args < 0 || task.num_args > RUNTIME_MAX_ARGS) {
            throw CaseFailure(A2A3_FAILURE_GRAPH,
                              format("get_task(%d)->num_args was set to %d, but a task holds 0 to "
                                     "%d arguments",
                                     id, task.num_args, RUNTIME_MAX_ARGS),
                              id);
        }
        node.kernel = kernels_.find(task.func_id);
        if (node.kernel < 0) unknown_func_ids_[id] = task.func_id;
        node.is_vector = task.core_type == CoreType::AIV;
        has_wrong_core_ = true;
        if (task.num_args > static_cast<int>(node.num_args)) {
            node.set_first_arg(graph_.args.size());
            graph_.args.extend(static_cast<size_t>(task.num_args));
        }
        node.num_args = static_cast<uint8_t>(task.num_args);
        std::copy_n(task.args, task.num_args, graph_.args.begin() + node.first_arg);
    }
    views_.clear();
}

void GraphBuilder::check_kernels() const {
    for (int id = 0; id < task_count(); ++id) {
        const TaskNode& node = task(id);
        if (node.kernel < 0) {
            throw CaseFailure(A2A3_FAILURE_GRAPH,
                              format("task %d uses func_id %d, which no kernel in kernel_config.py "
                                     "has; known func_ids: %s",
                                     id, func_id(id), kernels_.known_ids().c_str()),
                              id, func_id(id));
        }
        const Kernel& kernel = kernels_[node.kernel];
        if (kernel.core_type != node.core_type()) {
            throw CaseFailure(
                A2A3_FAILURE_GRAPH,
                format("task %d was added for an %s core, but its kernel %s (func_id %d) "
                       "is for %s: see kernel_config.py",
                       id, core_type_to_string(node.core_type()), kernel.name.c_str(),
                       kernel.func_id, core_type_to_string(kernel.core_type)),
                id, kernel.func_id);
        }
    }
}

Graph GraphBuilder::seal() {
    apply_views();
    if (has_wrong_core_ || !unknown_func_ids_.empty()) check_kernels();
    for (int id = 0; id < task_count(); ++id) {
        if (task(id).fanin == 0) graph_.roots.push_back(id);
    }
    if (!ascending_) check_acyclic(graph_, kernels_);
    return std::move(graph_);
}

}  // namespace a2a3sim
