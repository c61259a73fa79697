// What every executor does with a task, and how its worker threads start and end.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "base/ticks.h"
#include "executor/core_identity.h"
#include "executor/cores.h"
#include "executor/executor.h"
#include "executor/gangs.h"
#include "executor/task_observer.h"
#include "faults/argument_areas.h"
#include "faults/faults.h"
#include "faults/process_state.h"

namespace a2a3sim {

/// CPUs that threads of this process can run on at a time. The first call reads a file.
int usable_cpus();

class TaskRunner {
  public:
    TaskRunner(Graph& graph, const KernelTable& kernels, const ExecutorOptions& options,
               Control& control, TaskRecord* records)
        : graph_(graph),
          kernels_(kernels),
          control_(control),
          records_(records),
          origin_ticks_(options.origin_ticks),
          observer_(options.observer),
          options_(options),
          identified_(graph),
          inspects_(is_inspecting()) {}

    enum class Threads { kAsManyAsPossible, kAllNeeded };

    /// How many workers there can be if each has the threads and the clusters for its gangs.
    int most_workers() const {
        const int clusters = options_.block_dim / graph_.most_clusters;
        return std::min(kMaxWorkers / graph_.largest_gang, std::max(clusters, 1));
    }

    /// Calls work(index, slot) on `count` threads, the calling one among them, and waits for them.
    /// Cancels the run if all are needed and cannot be had.
    void run_workers(int count, Threads needed, const std::function<void(int, WorkerSlot&)>& work);

    /// No task starts any more once this is true.
    bool cancelled() const { return cancelled_.load(std::memory_order_acquire); }

    /// Executes a gang, or the only task of one, on cores of a block; if an exception leaves a
    /// kernel, the case fails, and no other task starts. `start` is the time as read_ticks() has
    /// just said it; returns the time at its end.
    int64_t run(int32_t last, Cores& cores, int thread, WorkerSlot& slot, int64_t start) {
        if (gangs_ && graph_.first_of_gang(last) < last) return run_gang(last, cores, thread);
        return run_task(last, cores.take(core_type(last)), thread, slot, start);
    }

    /// The same for a task by itself.
    int64_t run_task(int32_t id, int core, int thread, WorkerSlot& slot, int64_t start) {
        const TaskNode& task = graph_.tasks[static_cast<size_t>(id)];
        const Kernel& kernel = kernels_[task.kernel];
        int64_t* const args =
            areas_->place(thread, graph_.args.data() + task.first_arg,
                          task.has_place ? TaskNode::kPlaceWords : 0, task.num_args);
        slot.func_id.store(kernel.func_id, std::memory_order_relaxed);
        slot.core_type.store(static_cast<int32_t>(kernel.core_type), std::memory_order_relaxed);
        slot.core_id.store(core, std::memory_order_relaxed);
        slot.start_ticks.store(start, std::memory_order_relaxed);
        slot.task_id.store(id, std::memory_order_release);
        count_event(slot);
        call(id, kernel, args);
        slot.task_id.store(-1, std::memory_order_release);
        count_event(slot);
        const int64_t end = read_ticks();
        if (records_ != nullptr) {
            records_[id] =
                TaskRecord(since_origin(start), kernel.core_type, core, since_origin(end), thread);
        }
        return end;
    }

    /// Has the memory of a task that is soon to run come.
    void fetch_task(int32_t id) const {
        __builtin_prefetch(&graph_.tasks[static_cast<size_t>(id)]);
        if (records_ != nullptr) __builtin_prefetch(records_ + id, 1);
    }
    /// The same of its arguments; its own is there.
    void fetch_args(int32_t id) const {
        __builtin_prefetch(graph_.args.data() + graph_.tasks[static_cast<size_t>(id)].first_arg);
    }

    CoreType core_type(int32_t id) const {
        return graph_.tasks[static_cast<size_t>(id)].core_type();
    }

  private:
    uint64_t since_origin(int64_t ticks) const {
        return static_cast<uint64_t>(std::max<int64_t>(ticks - origin_ticks_, 0));
    }

    static void count_event(WorkerSlot& slot) {
        slot.events.store(slot.events.load(std::memory_order_relaxed) + 1,
                          std::memory_order_relaxed);
    }

    void call(int32_t id, const Kernel& kernel, int64_t* args);
    /// Makes the orchestration's changes that come before the task.
    void write_before(int32_t id);
    int64_t run_gang(int32_t last, const Cores& cores, int worker);

    Graph& graph_;
    const KernelTable& kernels_;
    Control& control_;
    TaskRecord* const records_;  // or nullptr
    const int64_t origin_ticks_;
    TaskObserver* const observer_;
    const ExecutorOptions& options_;
    const TasksIdentified identified_;
    const bool inspects_;
    std::optional<Gangs> gangs_;  // if the graph has any
    std::unique_ptr<ArgumentAreas> areas_;
    std::unique_ptr<ProcessState> state_;  // before the first task
    std::mutex writing_;
    std::atomic<size_t> next_write_{0};
    std::atomic<bool> cancelled_{false};
};

}  // namespace a2a3sim
