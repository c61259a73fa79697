#include "executor/serial_order.h"

#include "executor/ready_pool.h"

namespace a2a3sim {

namespace {

/// Which tasks have become ready, while others finish.
class Waiting {
  public:
    explicit Waiting(const Graph& graph) : graph_(graph) {
        unmet_.reserve(graph.tasks.size());
        for (const TaskNode& task : graph.tasks) unmet_.push_back(task.fanin);
    }

    /// Calls ready(id) for each gang that waited for this one only. A gang's last task stands for
    /// it.
    template <typename Ready>
    void finish(int32_t last, Ready ready) {
        for (int32_t id = graph_.first_of_gang(last); id <= last; ++id) {
            graph_.for_each_successor(
                graph_.tasks[static_cast<size_t>(id)], [&](int32_t successor) {
                    const bool is_ready = --unmet_[static_cast<size_t>(successor)] == 0;
                    if (is_ready && graph_.is_last_of_gang(successor)) ready(successor);
                });
        }
    }

  private:
    const Graph& graph_;
    std::vector<int32_t> unmet_;
};

/// The first task that another one has made ready comes next, then the last of the others, then the
/// next task without predecessors.
std::vector<int32_t> depth_first(const Graph& graph) {
    Waiting waiting(graph);
    std::vector<int32_t> order;
    order.reserve(graph.tasks.size());
    std::vector<int32_t> ready;
    for (const int32_t root : graph.roots) {
        if (!graph.is_last_of_gang(root)) continue;
        ready.push_back(root);
        while (!ready.empty()) {
            int32_t task = ready.back();
            ready.pop_back();
            while (task >= 0) {
                order.push_back(task);
                int32_t next = -1;
                waiting.finish(task, [&](int32_t successor) {
                    if (next < 0) {
                        next = successor;
                    } else {
                        ready.push_back(successor);
                    }
                });
                task = next;
            }
        }
    }
    return order;
}

}  // namespace

std::vector<int32_t> serial_order(const Graph& graph, const KernelTable& kernels,
                                  const ExecutorOptions& options) {
    if (options.schedule == A2A3_SCHEDULE_DEPTH_FIRST) return depth_first(graph);
    Waiting waiting(graph);
    std::vector<int32_t> order;
    order.reserve(graph.tasks.size());
    const FixedOrder fixed(graph, kernels, options);
    ReadyPool pool(graph, options, fixed);
    for (const int32_t root : graph.roots) {
        if (graph.is_last_of_gang(root)) pool.push(root);
    }
    while (!pool.empty()) {
        order.push_back(pool.take());
        waiting.finish(order.back(), [&](int32_t successor) { pool.push(successor); });
    }
    return order;
}

}  // namespace a2a3sim
