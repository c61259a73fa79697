#include "graph.h"

#include <algorithm>
#include <limits>

#include "failure.h"
#include "text.h"

namespace a2a3sim {

namespace {

constexpr uint32_t kNoEdge = std::numeric_limits<uint32_t>::max();

std::string describe(const Graph& graph, const KernelTable& kernels, int id) {
    const Kernel& kernel = kernels[graph.tasks[static_cast<size_t>(id)].func_id];
    return format("task %d (%s)", id, kernel.name.c_str());
}

/// A cycle among the tasks that a topological sort left over, in edge order.
std::vector<int> find_cycle(const Graph& graph, const std::vector<int32_t>& unmet) {
    std::vector<int> predecessor(graph.tasks.size(), -1);
    int start = -1;
    for (int id = 0; id < graph.task_count(); ++id) {
        if (unmet[static_cast<size_t>(id)] == 0) continue;
        start = id;
        for (uint32_t e = graph.first_successor[id]; e < graph.first_successor[id + 1]; ++e) {
            predecessor[static_cast<size_t>(graph.successors[e])] = id;
        }
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

void check_acyclic(const Graph& graph, const KernelTable& kernels) {
    std::vector<int32_t> unmet(graph.tasks.size());
    std::vector<int32_t> ready;
    ready.reserve(graph.tasks.size());
    for (int id = 0; id < graph.task_count(); ++id) {
        unmet[static_cast<size_t>(id)] = graph.tasks[static_cast<size_t>(id)].fanin;
        if (unmet[static_cast<size_t>(id)] == 0) ready.push_back(id);
    }
    for (size_t done = 0; done < ready.size(); ++done) {
        const int id = ready[done];
        for (uint32_t e = graph.first_successor[id]; e < graph.first_successor[id + 1]; ++e) {
            const int32_t next = graph.successors[e];
            if (--unmet[static_cast<size_t>(next)] == 0) ready.push_back(next);
        }
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

KernelTable::KernelTable(std::vector<Kernel> kernels) : kernels_(std::move(kernels)) {
    for (size_t i = 0; i < kernels_.size(); ++i) {
        index_of_[kernels_[i].func_id] = static_cast<int>(i);
    }
}

int KernelTable::find(int func_id) const {
    const auto found = index_of_.find(func_id);
    return found == index_of_.end() ? -1 : found->second;
}

std::string KernelTable::known_ids() const {
    std::string text;
    for (const Kernel& kernel : kernels_) {
        if (!text.empty()) text += ", ";
        text += format("%d (%s)", kernel.func_id, kernel.name.c_str());
    }
    return text;
}

int GraphBuilder::add_task(const uint64_t* args, int num_args, int func_id, CoreType core_type) {
    if (tasks_.size() >= static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
        throw CaseFailure(A2A3_FAILURE_GRAPH, "a graph holds at most 2147483647 tasks");
    }
    const int id = task_count();
    tasks_.push_back(
        TaskNode{args_.size(), kNoEdge, 0, func_id, static_cast<uint8_t>(num_args), core_type});
    args_.insert(args_.end(), args, args + num_args);
    return id;
}

void GraphBuilder::add_successor(int from, int to) {
    if (edges_.size() >= kNoEdge) {
        throw CaseFailure(A2A3_FAILURE_GRAPH, "a graph holds at most 4294967295 edges");
    }
    TaskNode& task = tasks_[static_cast<size_t>(from)];
    edges_.push_back(Edge{to, task.first_edge});
    task.first_edge = static_cast<uint32_t>(edges_.size() - 1);
    ++tasks_[static_cast<size_t>(to)].fanin;
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
    for (uint32_t e = task(id).first_edge; e != kNoEdge; e = edges_[e].next) {
        ids.push_back(edges_[e].to);
    }
    std::reverse(ids.begin(), ids.end());
    return ids;
}

Task* GraphBuilder::view(int id) {
    const auto [entry, is_new] = views_.try_emplace(id);
    View& view = entry->second;
    const TaskNode& node = task(id);
    if (is_new) {
        view.task.task_id = id;
        view.task.func_id = node.func_id;
        view.task.num_args = node.num_args;
        view.task.core_type = node.core_type;
        std::copy_n(args_.begin() + static_cast<ptrdiff_t>(node.first_arg), node.num_args,
                    view.task.args);
    }
    view.fanout = successors(id);
    view.task.fanin = node.fanin;
    view.task.fanout = view.fanout.data();
    view.task.fanout_count = static_cast<int>(view.fanout.size());
    return &view.task;
}

void GraphBuilder::apply_views() {
    for (const auto& [id, view] : views_) {
        TaskNode& node = tasks_[static_cast<size_t>(id)];
        const Task& task = view.task;
        if (task.num_args < 0 || task.num_args > RUNTIME_MAX_ARGS) {
            throw CaseFailure(A2A3_FAILURE_GRAPH,
                              format("get_task(%d)->num_args was set to %d, but a task holds 0 to "
                                     "%d arguments",
                                     id, task.num_args, RUNTIME_MAX_ARGS),
                              id);
        }
        node.func_id = task.func_id;
        node.core_type = task.core_type;
        if (task.num_args > node.num_args) {
            node.first_arg = args_.size();
            args_.resize(args_.size() + static_cast<size_t>(task.num_args));
        }
        node.num_args = static_cast<uint8_t>(task.num_args);
        std::copy_n(task.args, task.num_args,
                    args_.begin() + static_cast<ptrdiff_t>(node.first_arg));
    }
    views_.clear();
}

void GraphBuilder::bind_kernels(const KernelTable& kernels) {
    for (int id = 0; id < task_count(); ++id) {
        TaskNode& node = tasks_[static_cast<size_t>(id)];
        const int index = kernels.find(node.func_id);
        if (index < 0) {
            throw CaseFailure(A2A3_FAILURE_GRAPH,
                              format("task %d uses func_id %d, which no kernel in kernel_config.py "
                                     "has; known func_ids: %s",
                                     id, node.func_id, kernels.known_ids().c_str()),
                              id, node.func_id);
        }
        const Kernel& kernel = kernels[index];
        if (kernel.core_type != node.core_type) {
            throw CaseFailure(A2A3_FAILURE_GRAPH,
                              format("task %d was added for an %s core, but kernel_config.py says "
                                     "that its kernel %s (func_id %d) is for %s",
                                     id, core_type_to_string(node.core_type), kernel.name.c_str(),
                                     kernel.func_id, core_type_to_string(kernel.core_type)),
                              id, node.func_id);
        }
        node.func_id = index;
    }
}

Graph GraphBuilder::seal(const KernelTable& kernels) {
    apply_views();
    bind_kernels(kernels);

    Graph graph;
    graph.first_successor.reserve(tasks_.size() + 1);
    graph.successors.reserve(edges_.size());
    for (const TaskNode& node : tasks_) {
        const size_t begin = graph.successors.size();
        graph.first_successor.push_back(static_cast<uint32_t>(begin));
        for (uint32_t e = node.first_edge; e != kNoEdge; e = edges_[e].next) {
            graph.successors.push_back(edges_[e].to);
        }
        std::reverse(graph.successors.begin() + static_cast<ptrdiff_t>(begin),
                     graph.successors.end());
    }
    graph.first_successor.push_back(static_cast<uint32_t>(graph.successors.size()));
    graph.tasks = std::move(tasks_);
    graph.args = std::move(args_);
    edges_ = {};
    check_acyclic(graph, kernels);
    return graph;
}

}  // namespace a2a3sim
