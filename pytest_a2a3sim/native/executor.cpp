#include "executor.h"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "faults.h"
#include "ticks.h"
#include "work_queue.h"

namespace a2a3sim {

namespace {

thread_local WorkerSlot* tls_worker = nullptr;

/// Threads without work sleep here. A thread takes a ticket, looks for work once more and then
/// waits; work that is published after that look wakes it.
class Parking {
  public:
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
        if (sleepers_.load(std::memory_order_seq_cst) > 0) advance(false);
    }

    void wake_all() { advance(true); }

  private:
    void advance(bool all) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            epoch_.fetch_add(1, std::memory_order_seq_cst);
        }
        if (all) {
            changed_.notify_all();
        } else {
            changed_.notify_one();
        }
    }

    std::atomic<int> sleepers_{0};
    std::atomic<uint64_t> epoch_{0};
    std::mutex mutex_;
    std::condition_variable changed_;
};

/// The blocks that one worker simulates: first, first + stride, ... below block_dim.
class Cores {
  public:
    Cores(int first, int stride, int block_dim)
        : first_(first), stride_(stride), block_dim_(block_dim), block_(first) {}

    void next_block() {
        block_ += stride_;
        if (block_ >= block_dim_) block_ = first_;
    }

    /// The core of this type in the current block; its two AIV cores take turns.
    int take(CoreType type) {
        if (type == CoreType::AIC) return block_;
        second_aiv_ = !second_aiv_;
        return 2 * block_ + (second_aiv_ ? 1 : 0);
    }

  private:
    int first_;
    int stride_;
    int block_dim_;
    int block_;
    bool second_aiv_ = true;
};

class Execution {
  public:
    Execution(Graph& graph, const KernelTable& kernels, const ExecutorOptions& options,
              Control& control, a2a3_task_record* records)
        : graph_(graph),
          kernels_(kernels),
          control_(control),
          records_(records),
          worker_count_(std::clamp(
              options.thread_count, 1,
              std::min({options.block_dim, kMaxWorkers, std::max(graph.task_count(), 1)}))),
          block_dim_(options.block_dim),
          queues_(new WorkQueue[static_cast<size_t>(worker_count_)]),
          unmet_(new std::atomic<int32_t>[graph.tasks.size()]),
          remaining_(graph.task_count()) {
        for (size_t id = 0; id < graph.tasks.size(); ++id) {
            unmet_[id].store(graph.tasks[id].fanin, std::memory_order_relaxed);
        }
        for (int i = 0; i < worker_count_; ++i) {
            WorkerSlot& slot = control.workers[i];
            slot.task_id.store(-1, std::memory_order_relaxed);
            slot.events.store(0, std::memory_order_relaxed);
        }
        control.worker_count.store(worker_count_, std::memory_order_release);
    }

    bool run() {
        deal_ready_tasks();
        std::vector<std::thread> threads;
        try {
            for (int i = 1; i < worker_count_; ++i) {
                threads.emplace_back([this, i] { work(i); });
            }
        } catch (const std::system_error&) {
            // The threads that could be had do all the work.
        }
        work(0);
        for (std::thread& thread : threads) thread.join();
        return !cancelled_.load(std::memory_order_relaxed);
    }

  private:
    /// Contiguous shares, pushed backwards so that each worker begins with the first of its own.
    void deal_ready_tasks() {
        std::vector<int32_t> ready;
        for (int id = 0; id < graph_.task_count(); ++id) {
            if (graph_.tasks[static_cast<size_t>(id)].fanin == 0) ready.push_back(id);
        }
        const size_t workers = static_cast<size_t>(worker_count_);
        for (size_t w = 0; w < workers; ++w) {
            const size_t begin = ready.size() * w / workers;
            for (size_t i = ready.size() * (w + 1) / workers; i-- > begin;) {
                queues_[w].push(ready[i]);
            }
        }
    }

    void work(int index) {
        WorkerSlot& slot = control_.workers[index];
        tls_worker = &slot;
        const SignalStack signal_stack;
        Cores cores(index, worker_count_, block_dim_);
        int64_t finished = 0;
        for (;;) {
            int32_t task = queues_[index].pop();
            if (task < 0) {
                if (retire(finished)) break;
                finished = 0;
                task = find_work(index);
                if (task < 0) break;
            }
            cores.next_block();
            while (task >= 0) {
                if (cancelled_.load(std::memory_order_relaxed)) break;
                if (!run_task(index, task, cores.take(core_type(task)), slot)) break;
                ++finished;
                task = release_successors(index, task);
            }
            if (cancelled_.load(std::memory_order_relaxed)) break;
        }
        tls_worker = nullptr;
    }

    CoreType core_type(int32_t task) const {
        return graph_.tasks[static_cast<size_t>(task)].core_type;
    }

    /// Counts tasks as finished; true once all are.
    bool retire(int64_t finished) {
        const int64_t before = remaining_.fetch_sub(finished, std::memory_order_acq_rel);
        if (before != finished) return false;
        if (finished > 0) parking_.wake_all();
        return true;
    }

    bool over() const {
        return cancelled_.load(std::memory_order_acquire) ||
               remaining_.load(std::memory_order_seq_cst) == 0;
    }

    int32_t steal(int index) {
        for (int i = 1; i < worker_count_; ++i) {
            const int32_t task = queues_[(index + i) % worker_count_].steal();
            if (task >= 0) return task;
        }
        return -1;
    }

    bool work_in_sight() const {
        for (int i = 0; i < worker_count_; ++i) {
            if (!queues_[i].looks_empty()) return true;
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

    /// False if an exception left the kernel.
    bool run_task(int index, int32_t id, int core, WorkerSlot& slot) {
        const TaskNode& task = graph_.tasks[static_cast<size_t>(id)];
        const Kernel& kernel = kernels_[task.func_id];
        auto* const args = reinterpret_cast<int64_t*>(graph_.args.data() + task.first_arg);
        const int64_t start = read_ticks();
        slot.func_id.store(kernel.func_id, std::memory_order_relaxed);
        slot.core_type.store(static_cast<int32_t>(kernel.core_type), std::memory_order_relaxed);
        slot.core_id.store(core, std::memory_order_relaxed);
        slot.start_ticks.store(start, std::memory_order_relaxed);
        slot.task_id.store(id, std::memory_order_release);
        count_event(slot);
        const bool returned = call(kernel, args, id, core);
        slot.task_id.store(-1, std::memory_order_release);
        count_event(slot);
        records_[id] = a2a3_task_record{start,
                                        read_ticks(),
                                        kernel.func_id,
                                        static_cast<int16_t>(kernel.core_type),
                                        static_cast<int16_t>(core),
                                        index,
                                        0};
        return returned;
    }

    static void count_event(WorkerSlot& slot) {
        slot.events.store(slot.events.load(std::memory_order_relaxed) + 1,
                          std::memory_order_relaxed);
    }

    bool call(const Kernel& kernel, int64_t* args, int32_t id, int core) {
        try {
            kernel.function(args);
            return true;
        } catch (const std::exception& error) {
            cancel(kernel, id, core, error.what());
        } catch (...) {
            cancel(kernel, id, core, "an object that is not a std::exception");
        }
        return false;
    }

    void cancel(const Kernel& kernel, int32_t id, int core, const char* what) {
        control_.fail(A2A3_FAILURE_KERNEL_EXCEPTION, [&](a2a3_report& report) {
            report.task_id = id;
            report.func_id = kernel.func_id;
            report.core_type = static_cast<int32_t>(kernel.core_type);
            report.core_id = core;
            std::snprintf(report.message, sizeof report.message, "%s", what);
        });
        cancelled_.store(true, std::memory_order_release);
        parking_.wake_all();
    }

    /// Makes ready what only waited for `id`: one of them is returned, to run next on this thread.
    int32_t release_successors(int index, int32_t id) {
        int32_t next = -1;
        const uint32_t end = graph_.first_successor[id + 1];
        for (uint32_t e = graph_.first_successor[id]; e < end; ++e) {
            const int32_t successor = graph_.successors[e];
            if (unmet_[successor].fetch_sub(1, std::memory_order_acq_rel) != 1) continue;
            if (next < 0) {
                next = successor;
            } else {
                queues_[index].push(successor);
                parking_.wake_one();
            }
        }
        return next;
    }

    Graph& graph_;
    const KernelTable& kernels_;
    Control& control_;
    a2a3_task_record* const records_;
    const int worker_count_;
    const int block_dim_;
    std::unique_ptr<WorkQueue[]> queues_;
    std::unique_ptr<std::atomic<int32_t>[]> unmet_;
    alignas(64) std::atomic<int64_t> remaining_;
    alignas(64) std::atomic<bool> cancelled_{false};
    Parking parking_;
};

}  // namespace

WorkerSlot* current_worker() { return tls_worker; }

bool execute(Graph& graph, const KernelTable& kernels, const ExecutorOptions& options,
             Control& control, a2a3_task_record* records) {
    return Execution(graph, kernels, options, control, records).run();
}

}  // namespace a2a3sim
