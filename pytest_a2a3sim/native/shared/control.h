// What the simulated case and its parent share while the case runs: one mapping, no locks.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

/// What two threads write lies this far apart, so that neither slows the other.
constexpr size_t kCacheLine = 64;

/// What one worker thread does, written by that thread alone; all of it relaxed but task_id, whose
/// release publishes the four fields after it. The parent acquires task_id before it reads them;
/// the thread's own signal handlers need no order. A reader may still mix two tasks that follow one
/// another: the parent reads when the process has ended or hangs.
struct alignas(kCacheLine) WorkerSlot {
    std::atomic<int32_t> task_id;  // -1 between tasks
    std::atomic<int32_t> func_id;
    std::atomic<int32_t> core_type;
    std::atomic<int32_t> core_id;
    std::atomic<int64_t> start_ticks;
    std::atomic<uint64_t> events;    // starts and ends of tasks: a change is progress
    std::atomic<int32_t> thread_id;  // the system's, set once, before the first task
};

constexpr int kMaxWorkers = 1024;

/// a2a3_ending.exit_status until the parent has learnt it from the end of the process.
constexpr int32_t kExitStatusToLearn = -2;

/// Where a thread was when the watchdog asked it.
struct ThreadDump {
    std::atomic<int32_t> complete;  // released by that thread behind `snapshot`
    a2a3_snapshot snapshot;
};

/// Lives in memory that starts as zeros. The simulating process writes it; its main thread loads,
/// orchestrates, copies back and is worker 0. The parent writes before the fork and after the
/// process has ended, which orders everything. In between it reads atomics and what they publish,
/// and it may claim the failure of a case that hangs.
struct Control {
    /// Main thread; released behind what the phases before it wrote.
    std::atomic<int32_t> phase;
    /// By the first thread that fails, or by the parent: who claims it may write why in `ending`.
    std::atomic<int32_t> failure_claimed;
    /// Who claimed it, released behind `ending`. 1: all but the backtrace is there, 2: all.
    std::atomic<int32_t> failure_complete;
    /// Main thread, relaxed: a change is progress.
    std::atomic<uint64_t> orchestration_calls;
    /// Main thread; released behind the reset of as many slots.
    std::atomic<int32_t> worker_count;
    /// Main thread, relaxed: of the object that is being loaded; -1: the orchestration.
    std::atomic<int32_t> loading_func_id;
    int64_t start_nanoseconds;  // the parent, before the fork
    a2a3_ending ending;         // times and sizes: the main thread
    WorkerSlot workers[kMaxWorkers];
    ThreadDump dumps[kMaxWorkers];  // of the workers
    ThreadDump main_dump;           // of the thread that loads and orchestrates

    /// Fails the case unless it has failed before: `fill` completes `ending`. Safe in a
    /// signal handler if `fill` is. False if another failure came first.
    template <typename Fill>
    bool fail(a2a3_failure kind, Fill fill) {
        int32_t unclaimed = 0;
        if (!failure_claimed.compare_exchange_strong(unclaimed, 1)) return false;
        ending.failure = kind;
        ending.phase = phase.load(std::memory_order_relaxed);
        fill(ending);
        failure_complete.store(2, std::memory_order_release);
        return true;
    }

    /// The result is complete: what ends the process from now on is no failure of the case.
    void complete() {
        phase.store(A2A3_PHASE_ORDERS, std::memory_order_release);
        failure_claimed.store(1, std::memory_order_relaxed);
        failure_complete.store(2, std::memory_order_release);
    }

    bool fail(a2a3_failure kind, const char* message, int task_id, int func_id) {
        return fail(kind, [&](a2a3_ending& r) {
            r.task_id = task_id;
            r.func_id = func_id;
            std::snprintf(r.message, sizeof r.message, "%s", message);
        });
    }

    /// The slot of the worker that the system knows as `thread_id`, or nullptr. Safe in a signal
    /// handler, unlike current_worker(): the first access of a thread to a thread_local variable
    /// of an object that dlopen() loaded may allocate it.
    WorkerSlot* find_worker(int32_t thread_id) {
        const int32_t count = worker_count.load(std::memory_order_acquire);
        for (int32_t i = 0; i < count; ++i) {
            if (workers[i].thread_id.load(std::memory_order_relaxed) == thread_id) {
                return &workers[i];
            }
        }
        return nullptr;
    }

    /// Changes whenever the case gets on.
    uint64_t progress() const {
        uint64_t total = orchestration_calls.load(std::memory_order_relaxed) +
                         static_cast<uint64_t>(phase.load(std::memory_order_relaxed));
        const int32_t count = worker_count.load(std::memory_order_acquire);
        for (int32_t i = 0; i < count; ++i) {
            total += workers[i].events.load(std::memory_order_relaxed);
        }
        return total;
    }
};

/// The calling thread, as the system knows it. Safe in a signal handler.
int32_t system_thread_id();

/// The slot of the calling thread while it executes tasks, else nullptr.
WorkerSlot* current_worker();

/// The calling thread executes tasks for as long as this lives.
class WorkingThread {
  public:
    explicit WorkingThread(WorkerSlot& slot);
    ~WorkingThread();
    WorkingThread(const WorkingThread&) = delete;
    WorkingThread& operator=(const WorkingThread&) = delete;
};

}  // namespace a2a3sim
