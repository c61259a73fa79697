#include "executor/ordered_execution.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "executor/ready_pool.h"
#include "executor/serial_execution.h"
#include "executor/serial_order.h"
#include "executor/task_runner.h"

namespace a2a3sim {

namespace {

class OrderedExecution {
  public:
    OrderedExecution(Graph& graph, const KernelTable& kernels, const ExecutorOptions& options,
                     Control& control, TaskRecord* records)
        : graph_(graph),
          runner_(graph, kernels, options, control, records),
          block_dim_(options.block_dim),
          typed_(options.thread_count == kThreadPerCore && graph.largest_gang == 1),
          look_again_(options.look_again),
          worker_count_(typed_ ? kCoresPerBlock * block_dim_
                               : std::min(workers_wanted(options), runner_.most_workers())),
          fixed_(graph, kernels, options),
          remaining_(graph.task_count()),
          lanes_{Lane(graph, options, fixed_), Lane(graph, options, fixed_)} {
        lanes_[0].threads = typed_ ? block_dim_ : worker_count_;
        lanes_[1].threads = worker_count_ - lanes_[0].threads;
        for (const int32_t task : graph.roots) {
            if (graph.is_last_of_gang(task)) lane_of(task).pool.push(task);
        }
    }

    bool run() {
        const auto threads =
            typed_ ? TaskRunner::Threads::kAllNeeded : TaskRunner::Threads::kAsManyAsPossible;
        runner_.run_workers(worker_count_, threads,
                            [this](int index, WorkerSlot& slot) { work(index, slot); });
        return !runner_.cancelled();
    }

  private:
    /// A gang takes cores of both types: then a thread for each block is what comes next to one for
    /// each core.
    static int workers_wanted(const ExecutorOptions& options) {
        if (options.thread_count == kThreadPerCore) return options.block_dim;
        return std::clamp(options.thread_count, 1, options.block_dim);
    }

    /// The tasks that the same threads can execute.
    struct Lane {
        Lane(const Graph& graph, const ExecutorOptions& options, const FixedOrder& fixed)
            : pool(graph, options, fixed) {}

        ReadyPool pool;
        int threads = 0;
        int sleepers = 0;  // parked threads that nobody has called
        int calls = 0;     // to parked threads that have not come yet
        std::condition_variable called;
    };

    Lane& lane_of(int32_t task) {
        return lanes_[typed_ && runner_.core_type(task) == CoreType::AIV ? 1 : 0];
    }

    void work(int index, WorkerSlot& slot) {
        const bool is_aic = index < block_dim_;
        Lane& lane = lanes_[typed_ && !is_aic ? 1 : 0];
        Cores cores(index, worker_count_, block_dim_);
        std::unique_lock<std::mutex> lock(mutex_);
        while (!over()) {
            if (lane.pool.empty()) {
                call_others();
                park(lane, lock);
                continue;
            }
            const int32_t task = lane.pool.take();
            call_others();
            lock.unlock();
            if (typed_) {
                runner_.run_task(task, is_aic ? index : index - block_dim_, index, slot,
                                 read_ticks());
            } else {
                cores.next_block();
                runner_.run(task, cores, index, slot, read_ticks());
            }
            lock.lock();
            for (int32_t id = graph_.first_of_gang(task); id <= task; ++id) {
                --remaining_;
                release_successors(id);
            }
        }
        for (Lane& each : lanes_) each.called.notify_all();
    }

    bool over() const { return runner_.cancelled() || remaining_ == 0; }

    /// Wakes a thread for each lane that has tasks, but only as many as there are CPUs and one a
    /// lane: more would only take turns with those that are awake.
    void call_others() {
        const int awake = worker_count_ - lanes_[0].sleepers - lanes_[1].sleepers;
        for (Lane& lane : lanes_) {
            if (lane.pool.empty() || lane.sleepers == 0) continue;
            if (awake >= cpus_ && lane.sleepers < lane.threads) continue;
            --lane.sleepers;
            ++lane.calls;
            lane.called.notify_one();
        }
    }

    /// A parked thread looks by itself now and then, so that kernels that wait for one another all
    /// get their threads.
    void park(Lane& lane, std::unique_lock<std::mutex>& lock) {
        ++lane.sleepers;
        lane.called.wait_until(lock, std::chrono::system_clock::now() + look_again_,
                               [&] { return lane.calls > 0 || over(); });
        if (lane.calls > 0) {
            --lane.calls;
        } else {
            --lane.sleepers;
        }
    }

    void release_successors(int32_t task) {
        graph_.for_each_successor(graph_.tasks[static_cast<size_t>(task)], [&](int32_t successor) {
            const bool is_ready = --graph_.tasks[static_cast<size_t>(successor)].fanin == 0;
            if (is_ready && graph_.is_last_of_gang(successor)) {
                lane_of(successor).pool.push(successor);
            }
        });
    }

    Graph& graph_;
    TaskRunner runner_;
    const int block_dim_;
    const bool typed_;
    const std::chrono::milliseconds look_again_;
    const int worker_count_;
    const int cpus_ = usable_cpus();
    const FixedOrder fixed_;

    std::mutex mutex_;  // of everything below, and of the fan-ins
    int64_t remaining_;
    Lane lanes_[2];
};

}  // namespace

bool execute_in_order(Graph& graph, const KernelTable& kernels, const ExecutorOptions& options,
                      Control& control, TaskRecord* records) {
    if (options.thread_count == 1) {
        const std::vector<int32_t> order = serial_order(graph, kernels, options);
        return execute_serially(graph, kernels, options, control, records, order);
    }
    return OrderedExecution(graph, kernels, options, control, records).run();
}

}  // namespace a2a3sim
