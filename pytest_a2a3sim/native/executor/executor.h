// Runs a sealed graph on simulated cores.
//
// A device has block_dim blocks of one AIC and two AIV cores. By default a worker thread simulates
// whole blocks, so that a chain that alternates between core types stays on its thread; it executes
// one task at a time and takes others' work when it has none. With a thread per core, each thread
// takes tasks of its core's type only.
#pragma once

#include <chrono>
#include <limits>

#include "graph/graph.h"
#include "graph/recording.h"
#include "shared/control.h"

namespace a2a3sim {

class TaskObserver;

constexpr int kThreadPerCore = 0;

/// The largest block_dim: with a thread per core, each core takes a WorkerSlot.
constexpr int kMostBlocks = kMaxWorkers / kCoresPerBlock;

static_assert(kMaxWorkers <= 1 << TaskRecord::kIdBits);
static_assert(kMostBlocks * kAivPerBlock <= 1 << TaskRecord::kIdBits);
static_assert(kMostBlocks * kAivPerBlock <=
              std::numeric_limits<decltype(a2a3_task_times::core_id)>::max());

struct ExecutorOptions {
    int block_dim;
    int thread_count;  // or kThreadPerCore
    a2a3_schedule schedule;
    uint64_t seed;                     // as in a2a3_order
    int64_t origin_ticks;              // of the records' times
    TaskObserver* observer = nullptr;  // of a run on one thread
    /// How long a thread without work waits before it looks for some that nobody called it for.
    std::chrono::milliseconds look_again{50};
};

/// Executes every task once, each after all its predecessors, on a core of its type. `records`
/// has one entry a task, zero at first. False if an exception left a kernel: `control` has the
/// first one, and the tasks that have not started by then never do.
bool execute(Graph& graph, const KernelTable& kernels, const ExecutorOptions& options,
             Control& control, TaskRecord* records);

}  // namespace a2a3sim
