// The gangs of a run: a gang for each worker, and the threads that their members need.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "executor/cores.h"
#include "executor/executor.h"
#include "executor/gang.h"
#include "graph/graph.h"

namespace a2a3sim {

class Gangs {
  public:
    /// Executes a task on a core, on the thread of that index; false if it failed.
    using RunTask = std::function<bool(int32_t id, int core, int thread)>;

    Gangs(const Graph& graph, size_t kernels, const ExecutorOptions& options, int workers);

    int worker_count() const { return static_cast<int>(gangs_.size()); }
    /// The workers, and other threads for each of them: their indices follow.
    int thread_count() const { return worker_count() * graph_.largest_gang; }

    /// To be called on each of the other threads, and on one more; return after dismiss().
    void help(int thread);
    void watch();
    void dismiss();

    /// Executes the gang of which `last` is the last task.
    void run(int32_t last, const Cores& cores, int worker, const RunTask& run_task);

  private:
    Gang::Members members_of(int32_t first, int count);
    std::vector<int> cores_of(int32_t first, int count, Cores cores) const;
    std::atomic<bool>& impatience_of(int32_t id);

    const Graph& graph_;
    const ExecutorOptions& options_;
    std::vector<std::unique_ptr<Gang>> gangs_;  // by worker
    std::vector<std::atomic<bool>>
        is_impatient_;  // by kernel: it waits without a word, or for long
    std::mutex mutex_;
    std::condition_variable dismissed_;
    bool is_over_ = false;
};

}  // namespace a2a3sim
