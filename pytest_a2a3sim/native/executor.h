// Runs a sealed graph on simulated cores.
//
// A device has block_dim blocks of one AIC and two AIV cores. A worker thread simulates whole
// blocks, so that a chain that alternates between core types stays on its thread; it executes one
// task at a time and takes others' work when it has none.
#pragma once

#include "control.h"
#include "graph.h"

namespace a2a3sim {

struct ExecutorOptions {
    int block_dim;
    int thread_count;
};

/// Executes every task once, each after all its predecessors, on a core of its type. `records`
/// has one entry a task. False if an exception left a kernel: `control` has the first one's report,
/// and the tasks that have not started by then never do.
bool execute(Graph& graph, const KernelTable& kernels, const ExecutorOptions& options,
             Control& control, a2a3_task_record* records);

/// The slot of the calling thread while it executes tasks, else nullptr.
WorkerSlot* current_worker();

}  // namespace a2a3sim
