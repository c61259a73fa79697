// The task graph as data: built by the orchestration, then sealed into the form that is executed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/growing_array.h"
#include "graph/kernel_table.h"

namespace a2a3sim {

/// A task runs only if the signed integer at `address` compares so with `target` when it could
/// start.
struct Condition {
    enum class Comparison { kEqual, kUnequal, kGreater, kLess, kGreaterOrEqual, kLessOrEqual };

    uint64_t address;
    size_t size;  // bytes
    Comparison comparison;
    int64_t target;

    bool holds() const;
};

struct TaskNode {
    static constexpr int kArgIndexBits = 48;
    static constexpr int kArgCountBits = 8;
    static constexpr size_t kPlaceWords = 3;

    uint64_t first_arg : kArgIndexBits;  // index into the graph's args
    uint64_t num_args : kArgCountBits;
    uint64_t is_vector : 1;         // for an AIV core
    uint64_t has_condition : 1;     // Graph::conditions has it
    uint64_t has_place : 1;         // the arguments stand behind the task's place: include/tensors
    uint64_t starts_with_next : 1;  // they run at one time: Graph::first_of_gang
    int32_t successor;              // the first one, or -1
    uint32_t last_edge;             // of a circular list of edges to the other ones, or kNoEdge
    int32_t fanin;   // predecessors; while the graph runs, those that have not finished
    int32_t kernel;  // index into the KernelTable; -1 until the graph is sealed, if it has none

    CoreType core_type() const { return is_vector ? CoreType::AIV : CoreType::AIC; }
    void set_first_arg(size_t index) { first_arg = index & ((uint64_t{1} << kArgIndexBits) - 1); }
};

/// Bytes that the orchestration changes when all tasks that were there have run that it waits for,
/// which the tasks since then wait for too: before the first of these starts.
struct HostWrite {
    int32_t first_task;
    uint64_t address;
    uint64_t bits;
    size_t size;  // at most 8
};

constexpr uint32_t kNoEdge = std::numeric_limits<uint32_t>::max();

struct Edge {
    int32_t to;
    uint32_t next;  // of the same task; that of its last edge is its first
};

constexpr uint32_t kMostEdges = std::numeric_limits<uint32_t>::max();

/// Tasks have few arguments: a call of memcpy() would cost more than the copy.
inline void copy_args(uint64_t* to, const uint64_t* from, size_t count) {
    for (; count >= 4; count -= 4, to += 4, from += 4) std::memcpy(to, from, 4 * sizeof *to);
    if (count >= 2) std::memcpy(to, from, 2 * sizeof *to);
    if (count % 2 != 0) to[count - 1] = from[count - 1];
}

/// A checked graph: acyclic, every task bound to a kernel of its core type.
struct Graph {
    static constexpr size_t kMaxTasks = std::numeric_limits<int32_t>::max();
    static constexpr size_t kMostTaskArgs = (1 << TaskNode::kArgCountBits) - 1;
    static constexpr size_t kMaxArgs = kMaxTasks * RUNTIME_MAX_ARGS;
    static_assert(RUNTIME_MAX_ARGS <= kMostTaskArgs);
    static_assert(kMaxArgs < uint64_t{1} << TaskNode::kArgIndexBits);

    explicit Graph(const KeptMemory* kept)
        : tasks(kMaxTasks, {kept, KeptMemory::Part::kTasks}),
          args(kMaxArgs, {kept, KeptMemory::Part::kArgs}),
          more_edges(kMostEdges, {kept, KeptMemory::Part::kEdges}) {}

    GrowingArray<TaskNode> tasks;
    GrowingArray<uint64_t> args;
    GrowingArray<Edge> more_edges;                      // those that are not in their task
    GrowingArray<int32_t> roots{kMaxTasks};             // tasks without predecessors, ascending
    std::unordered_map<int32_t, Condition> conditions;  // by task
    std::vector<HostWrite> writes;                      // in order
    uint32_t edge_count = 0;
    int32_t largest_gang = 1;   // tasks that start together
    int32_t most_clusters = 1;  // that they are on

    int32_t task_count() const { return static_cast<int32_t>(tasks.size()); }

    /// Tasks that start together, a gang, follow one another and have the same predecessors, each
    /// of which releases them in this order: once the last one is ready, all are. It stands for
    /// the gang wherever ready tasks are kept.
    bool is_last_of_gang(int32_t id) const {
        return !tasks[static_cast<size_t>(id)].starts_with_next;
    }
    int32_t first_of_gang(int32_t last) const {
        if (largest_gang == 1) return last;
        while (last > 0 && tasks[static_cast<size_t>(last) - 1].starts_with_next) --last;
        return last;
    }
    int32_t last_of_gang(int32_t id) const {
        while (!is_last_of_gang(id)) ++id;
        return id;
    }

    /// Calls visit(id) for every successor of `task`, in the order in which they were added.
    template <typename Visit>
    void for_each_successor(const TaskNode& task, Visit visit) const {
        if (task.successor < 0) return;
        visit(task.successor);
        if (task.last_edge == kNoEdge) return;
        for (uint32_t e = task.last_edge;;) {
            e = more_edges[e].next;
            visit(more_edges[e].to);
            if (e == task.last_edge) return;
        }
    }
};

/// Collects tasks and edges. O(1) amortised per call; no limit but memory and 32-bit ids.
class GraphBuilder {
  public:
    /// Refers to the kernels of its tasks.
    explicit GraphBuilder(const KernelTable& kernels, const KeptMemory* kept = nullptr)
        : kernels_(kernels), graph_(kept) {}

    const KernelTable& kernels() const { return kernels_; }

    /// The new task's id. The caller has checked num_args.
    int add_task(const uint64_t* args, int num_args, int func_id, CoreType core_type) {
        return add(args, 0, num_args, func_id, core_type);
    }

    /// A task whose arguments stand behind the words that say which part of its task it is.
    int add_placed_task(const uint64_t* words, int num_args, int func_id, CoreType core_type) {
        return add(words, TaskNode::kPlaceWords, num_args, func_id, core_type);
    }

    /// The caller has checked both ids.
    void add_successor(int from, int to) {
        if (graph_.edge_count == kMostEdges) refuse_edge();
        ++graph_.edge_count;
        TaskNode& task = graph_.tasks[static_cast<size_t>(from)];
        if (task.successor < 0) {
            task.successor = to;
        } else {
            add_edge(task, to);
        }
        ++graph_.tasks[static_cast<size_t>(to)].fanin;
        ascending_ &= from < to;
    }

    /// Before tasks that are added later start.
    void write(uint64_t address, uint64_t bits, size_t size) {
        graph_.writes.push_back({task_count(), address, bits, size});
    }
    bool has_writes() const { return !graph_.writes.empty(); }

    void set_condition(int id, const Condition& condition) {
        graph_.tasks[static_cast<size_t>(id)].has_condition = true;
        graph_.conditions.emplace(id, condition);
    }

    /// Has `count` tasks that have just been added start together, on so many clusters.
    void start_together(int first, int count, int clusters) {
        for (int id = first; id < first + count - 1; ++id) {
            graph_.tasks[static_cast<size_t>(id)].starts_with_next = true;
        }
        graph_.largest_gang = std::max(graph_.largest_gang, count);
        graph_.most_clusters = std::max(graph_.most_clusters, clusters);
    }

    bool has_task(int id) const { return id >= 0 && id < task_count(); }
    int task_count() const { return graph_.task_count(); }
    int64_t edge_count() const { return graph_.edge_count; }
    int initial_ready_tasks(int* ready) const;

    /// The user's view of a task; its changes are read when the graph is sealed.
    Task* view(int id);

    std::vector<uint64_t> args_of(int id) const {
        const uint64_t* const first = graph_.args.begin() + task(id).first_arg;
        return {first, first + task(id).num_args};
    }

    /// Successors of `id` in the order in which they were added.
    std::vector<int> successors(int id) const;
    const TaskNode& task(int id) const { return graph_.tasks[static_cast<size_t>(id)]; }
    int func_id(int id) const {
        const int kernel = task(id).kernel;
        return kernel < 0 ? unknown_func_ids_.at(id) : kernels_[kernel].func_id;
    }

    /// Checks everything; throws CaseFailure. The builder is empty afterwards.
    Graph seal();

  private:
    struct View {
        Task task;
        std::vector<int> fanout;
    };

    int add(const uint64_t* words, size_t place, int num_args, int func_id, CoreType core_type) {
        const int id = task_count();
        if (graph_.tasks.size() == Graph::kMaxTasks) refuse_task();
        TaskNode& node = *graph_.tasks.extend(1);
        node.set_first_arg(graph_.args.size() + place);
        node.num_args = static_cast<uint8_t>(num_args);
        node.is_vector = core_type == CoreType::AIV;
        node.has_place = place != 0;
        node.has_condition = false;
        node.starts_with_next = false;
        node.successor = -1;
        node.last_edge = kNoEdge;
        node.fanin = 0;
        node.kernel = kernels_.find(func_id);
        if (node.kernel < 0) {
            unknown_func_ids_[id] = func_id;
        } else {
            has_wrong_core_ |= kernels_[node.kernel].core_type != core_type;
        }
        const size_t count = place + static_cast<size_t>(num_args);
        copy_args(graph_.args.extend(count), words, count);
        return id;
    }

    void add_edge(TaskNode& task, int to) {
        const auto added = static_cast<uint32_t>(graph_.more_edges.size());
        Edge& edge = *graph_.more_edges.extend(1);
        edge.to = to;
        edge.next = task.last_edge == kNoEdge
                        ? added
                        : std::exchange(graph_.more_edges[task.last_edge].next, added);
        task.last_edge = added;
    }

    [[noreturn]] static void refuse_task();
    [[noreturn]] static void refuse_edge();
    void apply_views();
    void check_kernels() const;

    const KernelTable& kernels_;
    Graph graph_;
    bool ascending_ = true;        // every edge leads to a larger id: there is no cycle
    bool has_wrong_core_ = false;  // a task may be for another type of core than its kernel
    std::unordered_map<int, int> unknown_func_ids_;  // by task
    std::unordered_map<int, View> views_;
};

}  // namespace a2a3sim
