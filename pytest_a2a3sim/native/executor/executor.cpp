#include "executor/executor.h"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "executor/ordered_execution.h"
#include "executor/task_runner.h"
#include "executor/work_queue.h"

namespace a2a3sim {

namespace {

/// Threads without work sleep here. A thread takes a ticket, looks for work once more and then
/// waits; work that is published after that look wakes it, unless every CPU has a thread already.
class Parking {
  public:
    explicit Parking(int threads) : surplus_(std::max(0, threads - usable_cpus())) {}

    uint64_t ticket() {
        sleepers_.fetch_add(1, std::memory_order_seq_cst);
        return epoch_.load(std::memory_order_seq_cst);
    }

    void cancel() { sleepers_.fetch_sub(1, std::memory_order_seq_cst); }

    void wait(uint64_t ticket) {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [&] { return epoch_.load(std::memory_order_relaxed) != ticket; });
        sleepers_.fetch_sub(1, std::memory_order_seq_cst);
    }

    void wake_one() {
        if (sleepers_.load(std::memory_order_seq_cst) > surplus_) advance(false);
    }

    void wake_all() { advance(true); }

  private:
    void advance(bool all) {
        {
            const std::scoped_lock lock(mutex_);
            epoch_.fetch_add(1, std::memory_order_seq_cst);
        }
        if (all) {
            changed_.notify_all();
        } else {
            changed_.notify_one();
        }
    }

    const int surplus_;  // threads that no CPU is left for
    std::atomic<int> sleepers_{0};
    std::atomic<uint64_t> epoch_{0};
    std::mutex mutex_;
    std::condition_variable changed_;
};

/// A share of the tasks without predecessors: any thread takes the next one.
class Roots {
  public:
    void assign(const int32_t* begin, const int32_t* end) {
        begin_ = begin;
        count_ = end - begin;
    }

    /// The next task, or the last one of the next gang; -1: there is none.
    int32_t take(const Graph& graph) {
        while (!empty()) {
            const int64_t index = next_.fetch_add(1, std::memory_order_relaxed);
            if (index < count_ && graph.is_last_of_gang(begin_[index])) return begin_[index];
        }
        return -1;
    }

    bool empty() const { return next_.load(std::memory_order_relaxed) >= count_; }

  private:
    alignas(kCacheLine) std::atomic<int64_t> next_{0};
    const int32_t* begin_ = nullptr;
    int64_t count_ = 0;
};

/// Work stealing: each worker goes depth first through what its own tasks make ready.
class Execution {
  public:
    Execution(Graph& graph, const KernelTable& kernels, const ExecutorOptions& options,
              Control& control, TaskRecord* records)
        : graph_(graph),
          runner_(graph, kernels, options, control, records),
          block_dim_(options.block_dim),
          worker_count_(std::clamp(options.thread_count, 1,
                                   std::min({options.block_dim, runner_.most_workers(),
                                             std::max(graph.task_count(), 1)}))),
          workers_(new Worker[static_cast<size_t>(worker_count_)]),
          remaining_(graph.task_count()),
          parking_(worker_count_) {
        const auto count = static_cast<size_t>(worker_count_);
        for (size_t w = 0; w < count; ++w) {
            const size_t roots = graph.roots.size();
            workers_[w].roots.assign(graph.roots.begin() + roots * w / count,
                                     graph.roots.begin() + roots * (w + 1) / count);
        }
    }

    bool run() {
        runner_.run_workers(worker_count_, TaskRunner::Threads::kAsManyAsPossible,
                            [this](int index, WorkerSlot& slot) { work(index, slot); });
        return !runner_.cancelled();
    }

  private:
    struct Worker {
        WorkQueue queue;
        Roots roots;
    };

    Worker& worker(int index) const { return workers_[static_cast<size_t>(index)]; }

    void work(int index, WorkerSlot& slot) {
        Worker& self = worker(index);
        Cores cores(index, worker_count_, block_dim_);
        int64_t finished = 0;
        int64_t now = read_ticks();
        for (;;) {
            int32_t task = self.queue.pop();
            if (task < 0) task = self.roots.take(graph_);
            if (task < 0) {
                if (retire(finished)) return;
                finished = 0;
                task = find_work(index);
                if (task < 0) return;
                now = read_ticks();
            }
            cores.next_block();
            while (task >= 0) {
                now = runner_.run(task, cores, index, slot, now);
                if (runner_.cancelled()) {
                    parking_.wake_all();
                    return;
                }
                const int32_t first = graph_.first_of_gang(task);
                finished += task - first + 1;
                task = release_successors(self.queue, first, task, now);
            }
        }
    }

    /// Counts tasks as finished; true once all are.
    bool retire(int64_t finished) {
        const int64_t before = remaining_.fetch_sub(finished, std::memory_order_acq_rel);
        if (before != finished) return false;
        if (finished > 0) parking_.wake_all();
        return true;
    }

    bool over() const {
        return runner_.cancelled() || remaining_.load(std::memory_order_seq_cst) == 0;
    }

    int32_t steal(int index) {
        for (int i = 1; i < worker_count_; ++i) {
            Worker& victim = worker((index + i) % worker_count_);
            int32_t task = victim.roots.take(graph_);
            if (task < 0) task = victim.queue.steal();
            if (task >= 0) return task;
        }
        return -1;
    }

    bool work_in_sight() const {
        for (int i = 0; i < worker_count_; ++i) {
            if (!worker(i).roots.empty() || !worker(i).queue.looks_empty()) return true;
        }
        return false;
    }

    /// Another worker's task, or -1 when the run is over.
    int32_t find_work(int index) {
        constexpr int kTriesBeforeSleep = 64;
        for (int tries = 0;; ++tries) {
            const int32_t task = steal(index);
            if (task >= 0) return task;
            if (over()) return -1;
            if (tries < kTriesBeforeSleep) continue;
            tries = 0;
            const uint64_t ticket = parking_.ticket();
            if (over() || work_in_sight()) {
                parking_.cancel();
            } else {
                parking_.wait(ticket);
            }
        }
    }

    /// Makes ready what only waited for the gang: one of them is returned, to run next on this
    /// thread. Tells `now` anew if that takes longer than for one successor.
    int32_t release_successors(WorkQueue& queue, int32_t first, int32_t last, int64_t& now) {
        int32_t next = -1;
        int visited = 0;
        const auto release = [&](int32_t successor) {
            ++visited;
            int32_t& unmet = graph_.tasks[static_cast<size_t>(successor)].fanin;
            if (worker_count_ == 1) {
                if (--unmet != 0) return;
            } else if (__atomic_load_n(&unmet, __ATOMIC_ACQUIRE) != 1 &&
                       __atomic_sub_fetch(&unmet, 1, __ATOMIC_ACQ_REL) != 0) {
                return;  // at 1, this is the last predecessor: no other thread changes the number
            }
            if (!graph_.is_last_of_gang(successor)) return;
            if (next < 0) {
                next = successor;
            } else {
                queue.push(successor);
                parking_.wake_one();
            }
        };
        for (int32_t id = first; id <= last; ++id) {
            graph_.for_each_successor(graph_.tasks[static_cast<size_t>(id)], release);
        }
        if (visited > 1) now = read_ticks();
        return next;
    }

    Graph& graph_;
    TaskRunner runner_;
    const int block_dim_;
    const int worker_count_;
    std::unique_ptr<Worker[]> workers_;
    alignas(kCacheLine) std::atomic<int64_t> remaining_;
    Parking parking_;
};

}  // namespace

bool execute(Graph& graph, const KernelTable& kernels, const ExecutorOptions& options,
             Control& control, TaskRecord* records) {
    if (options.thread_count == kThreadPerCore || options.schedule != A2A3_SCHEDULE_DEPTH_FIRST) {
        return execute_in_order(graph, kernels, options, control, records);
    }
    return Execution(graph, kernels, options, control, records).run();
}

}  // namespace a2a3sim
