// The task graph as data: built by the orchestration, then sealed into the form that is executed.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

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
    int find(int func_id) const;
    const Kernel& operator[](int index) const { return kernels_[static_cast<size_t>(index)]; }

    /// "0 (QK), 1 (SF)", for messages.
    std::string known_ids() const;

  private:
    std::vector<Kernel> kernels_;
    std::unordered_map<int, int> index_of_;
};

struct TaskNode {
    uint64_t first_arg;   // index into the graph's args
    uint32_t first_edge;  // head of the task's edge list while building
    int32_t fanin;
    int32_t func_id;  // index into the KernelTable once sealed
    uint8_t num_args;
    CoreType core_type;
};

/// A checked graph: acyclic, every task bound to a kernel of its core type.
struct Graph {
    std::vector<TaskNode> tasks;
    std::vector<uint64_t> args;
    std::vector<uint32_t> first_successor;  // tasks.size() + 1 offsets into successors
    std::vector<int32_t> successors;

    int32_t task_count() const { return static_cast<int32_t>(tasks.size()); }
};

/// Collects tasks and edges. O(1) amortised per call; no limit but memory and 32-bit ids.
class GraphBuilder {
  public:
    /// The new task's id. The caller has checked num_args.
    int add_task(const uint64_t* args, int num_args, int func_id, CoreType core_type);
    /// The caller has checked both ids.
    void add_successor(int from, int to);
    bool has_task(int id) const { return id >= 0 && id < task_count(); }
    int task_count() const { return static_cast<int>(tasks_.size()); }
    int64_t edge_count() const { return static_cast<int64_t>(edges_.size()); }
    int initial_ready_tasks(int* ready) const;

    /// The user's view of a task; its changes are read when the graph is sealed.
    Task* view(int id);

    /// Successors of `id` in the order in which they were added.
    std::vector<int> successors(int id) const;
    const TaskNode& task(int id) const { return tasks_[static_cast<size_t>(id)]; }

    /// Binds kernels and checks everything; throws CaseFailure. The builder is empty afterwards.
    Graph seal(const KernelTable& kernels);

  private:
    struct Edge {
        int32_t to;
        uint32_t next;
    };
    struct View {
        Task task;
        std::vector<int> fanout;
    };

    void apply_views();
    void bind_kernels(const KernelTable& kernels);

    std::vector<TaskNode> tasks_;
    std::vector<uint64_t> args_;
    std::vector<Edge> edges_;
    std::unordered_map<int, View> views_;
};

}  // namespace a2a3sim
