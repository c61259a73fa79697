// What the simulated case and its parent share while the case runs: one mapping, no locks.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

/// What one worker thread does, written by that thread alone. `events` counts starts and ends of
/// tasks: the watchdog looks for a change in it.
struct alignas(64) WorkerSlot {
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
    std::atomic<int32_t> failure_reported;  // 1: all of its report but the backtrace, 2: all
    std::atomic<uint64_t> orchestration_calls;
    std::atomic<int32_t> worker_count;
    std::atomic<int32_t> loading_func_id;  // of the object being loaded; -1: the orchestration
    int64_t start_nanoseconds;
    a2a3_report report;
    WorkerSlot workers[kMaxWorkers];
    ThreadDump dumps[kMaxWorkers];  // of the workers
    ThreadDump main_dump;           // of the thread that loads and orchestrates

    /// Reports a failure unless there was one before: `fill` completes the report. Safe in a
    /// signal handler if `fill` is. False if another failure came first.
    template <typename Fill>
    bool fail(a2a3_failure kind, Fill fill) {
        int32_t unclaimed = 0;
        if (!failure_claimed.compare_exchange_strong(unclaimed, 1)) return false;
        report.failure = kind;
        report.phase = phase.load(std::memory_order_relaxed);
        fill(report);
        failure_reported.store(2, std::memory_order_release);
        return true;
    }

    bool fail(a2a3_failure kind, const char* message, int task_id, int func_id) {
        return fail(kind, [&](a2a3_report& r) {
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

}  // namespace a2a3sim
