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

/// What one worker thread does, written by that thread alone. `events` counts starts and ends of
/// tasks: the watchdog looks for a change in it.
struct alignas(kCacheLine) WorkerSlot {
    std::atomic<int32_t> task_id;  // -1 between tasks
    std::atomic<int32_t> func_id;
    std::atomic<int32_t> core_type;
    std::atomic<int32_t> core_id;
    std::atomic<int64_t> start_ticks;
    std::atomic<uint64_t> events;
    std::atomic<int32_t> thread_id;  // the system's
};

constexpr int kMaxWorkers = 1024;

/// Where a thread was when the watchdog asked it.
struct ThreadDump {
    std::atomic<int32_t> complete;
    a2a3_snapshot snapshot;
};

/// Lives in memory that starts as zeros.
struct Control {
    std::atomic<int32_t> phase;
    std::atomic<int32_t> failure_claimed;   // by the first thread that fails
    std::atomic<int32_t> failure_complete;  // 1: all of `ending` but the backtrace, 2: all
    std::atomic<uint64_t> orchestration_calls;
    std::atomic<int32_t> worker_count;
    std::atomic<int32_t> loading_func_id;  // of the object being loaded; -1: the orchestration
    int64_t start_nanoseconds;
    a2a3_ending ending;
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

    bool fail(a2a3_failure kind, const char* message, int task_id, int func_id) {
        return fail(kind, [&](a2a3_ending& r) {
            r.task_id = task_id;
            r.func_id = func_id;
            std::snprintf(r.message, sizeof r.message, "%s", message);
        });
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
