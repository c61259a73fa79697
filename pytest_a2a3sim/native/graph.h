// The task graph as data: built by the orchestration, then sealed into the form that is executed.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <unordered_map>
#include <vector>

#include "growing_array.h"
#include "runtime.h"

namespace a2a3sim {

using KernelFunction = void (*)(int64_t* args);

struct Kernel {
    std::string name;
    KernelFunction function;
    int func_id;
    CoreType core_type;
};

/// The kernels of a case by func_id.
class KernelTable {
  public:
    explicit KernelTable(std::vector<Kernel> kernels);

    /// Index of the kernel with this func_id, or -1.
    int find(int func_id) const {
        if (func_id >= 0 && func_id < kDirectIds)
            return direct_index_[static_cast<size_t>(func_id)];
        const auto found = index_of_.find(func_id);
        return found == index_of_.end() ? -1 : found->second;
    }
    const Kernel& operator[](int index) const { return kernels_[static_cast<size_t>(index)]; }

    /// "0 (QK), 1 (SF)", for messages.
    std::string known_ids() const;

  private:
    static constexpr int kDirectIds = 256;

    std::vector<Kernel> kernels_;
    std::vector<int> direct_index_;  // by func_id below kDirectIds: an index, or -1
    std::unordered_map<int, int> index_of_;
};

struct TaskNode {
    uint64_t first_arg : 48;  // index into the graph's args
    uint64_t num_args : 8;
    uint64_t is_vector : 8;  // for an AIV core
    uint32_t last_edge;      // of a circular list of edges to successors, or kNoEdge
    int32_t fanin;           // predecessors; while the graph runs, those that have not finished
    int32_t func_id;
    int32_t kernel;  // index into the KernelTable once sealed

    CoreType core_type() const { return is_vector ? CoreType::AIV : CoreType::AIC; }
};

constexpr uint32_t kNoEdge = std::numeric_limits<uint32_t>::max();

struct Edge {
    int32_t to;
    uint32_t next;  // of the same task; that of its last edge is its first
};

/// A checked graph: acyclic, every task bound to a kernel of its core type.
struct Graph {
    static constexpr size_t kMaxTasks = std::numeric_limits<int32_t>::max();

    GrowingArray<TaskNode> tasks{kMaxTasks};
    GrowingArray<uint64_t> args{kMaxTasks * RUNTIME_MAX_ARGS};
    GrowingArray<Edge> edges{kNoEdge};
    GrowingArray<int32_t> roots{kMaxTasks};  // tasks without predecessors, ascending

    int32_t task_count() const { return static_cast<int32_t>(tasks.size()); }

    /// Calls visit(id) for every successor of `task`, in the order in which they were added.
    template <typename Visit>
    void for_each_successor(const TaskNode& task, Visit visit) const {
        if (task.last_edge == kNoEdge) return;
        for (uint32_t e = task.last_edge;;) {
            e = edges[e].next;
            visit(edges[e].to);
            if (e == task.last_edge) return;
        }
    }
};

/// Collects tasks and edges. O(1) amortised per call; no limit but memory and 32-bit ids.
class GraphBuilder {
  public:
    /// The new task's id. The caller has checked num_args.
    int add_task(const uint64_t* args, int num_args, int func_id, CoreType core_type);
    /// The caller has checked both ids.
    void add_successor(int from, int to);
    bool has_task(int id) const { return id >= 0 && id < task_count(); }
    int task_count() const { return graph_.task_count(); }
    int64_t edge_count() const { return static_cast<int64_t>(graph_.edges.size()); }
    int initial_ready_tasks(int* ready) const;

    /// The user's view of a task; its changes are read when the graph is sealed.
    Task* view(int id);

    /// Successors of `id` in the order in which they were added.
    std::vector<int> successors(int id) const;
    const TaskNode& task(int id) const { return graph_.tasks[static_cast<size_t>(id)]; }

    /// Binds kernels and checks everything; throws CaseFailure. The builder is empty afterwards.
    Graph seal(const KernelTable& kernels);

  private:
    struct View {
        Task task;
        std::vector<int> fanout;
    };

    void apply_views();
    void bind_kernels(const KernelTable& kernels);

    Graph graph_;
    bool ascending_ = true;  // every edge leads to a larger id: there is no cycle
    std::unordered_map<int, View> views_;
};

}  // namespace a2a3sim
