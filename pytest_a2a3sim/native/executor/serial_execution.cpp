#include "executor/serial_execution.h"

#include "executor/task_runner.h"

namespace a2a3sim {

namespace {

/// How many tasks ahead the memory of a task begins to come, first of the task and then of what it
/// refers to: as long as a few tasks take that do next to nothing.
constexpr size_t kTaskAhead = 16;
constexpr size_t kArgsAhead = 8;

}  // namespace

bool execute_serially(Graph& graph, const KernelTable& kernels, const ExecutorOptions& options,
                      Control& control, TaskRecord* records, const std::vector<int32_t>& order) {
    TaskRunner runner(graph, kernels, options, control, records);
    const auto work = [&](int index, WorkerSlot& slot) {
        Cores cores(index, 1, options.block_dim);
        int64_t now = read_ticks();
        for (size_t i = 0; i < order.size(); ++i) {
            if (i + kTaskAhead < order.size()) runner.fetch_task(order[i + kTaskAhead]);
            if (i + kArgsAhead < order.size()) runner.fetch_args(order[i + kArgsAhead]);
            cores.next_block();
            now = runner.run(order[i], cores, index, slot, now);
            if (runner.cancelled()) return;
        }
    };
    runner.run_workers(1, TaskRunner::Threads::kAsManyAsPossible, work);
    return !runner.cancelled();
}

}  // namespace a2a3sim
