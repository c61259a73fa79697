// Executes a graph that has run once more, in other orders, to see whether its outputs depend on
// the order of tasks that nothing orders.
#pragma once

#include <optional>

#include "executor/executor.h"
#include "isolation/simulation.h"
#include "orders/saved_memory.h"
#include "orders/shared_buffers.h"
#include "runtime/runtime_host.h"

namespace a2a3sim {

/// Saves what further orders need before the graph runs for the first time, unless the case does
/// not ask for any, or its memory or its graph is too large; executes them once its outputs are on
/// the host.
class FurtherOrders {
  public:
    FurtherOrders(const CaseDescription& description, const SharedState& shared,
                  const RuntimeHost& host, const Graph& graph);

    /// Whether the graph may be executed in further orders.
    static bool are_possible(const CaseDescription& description, const DeviceMemory& memory,
                             size_t tasks);

    /// To be called when the graph has been executed for the first time: notes in the ending
    /// whether it was quick enough. CPU time tells, from this object's making on: how long it took
    /// depends on what else the machine does, and so would the verdict.
    void note_execution(a2a3_ending& ending);

    /// Whether run() executes any.
    bool are_due(const a2a3_ending& ending) const { return saved_ && ending.quick != 0; }

    /// Executes the graph in further orders on one thread, from the saved memory, until one leaves
    /// other outputs than the host has, and notes in `control.draft` that none does. The case's
    /// result is complete: what goes wrong here ends the process before all orders have ended.
    void run(Graph& graph, const KernelTable& kernels, const RuntimeHost& host, Control& control,
             const DescribedBy& described_by);

  private:
    const CaseDescription& description_;
    const SharedState& shared_;
    int64_t start_;                           // CPU time of this process in nanoseconds
    double seconds_ = 0;                      // of CPU time, that the first execution took
    std::optional<SavedDeviceMemory> saved_;  // where orders are executed
};

}  // namespace a2a3sim
