// Executes a graph that has run once more, in other orders, to see whether its outputs depend on
// the order of tasks that nothing orders.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "executor/executor.h"
#include "isolation/simulation.h"
#include "runtime/runtime_host.h"

namespace a2a3sim {

/// The device's memory as it is when this is made, before kernels run: the live buffers and what
/// lies around them. Those that hold poison alone are not copied.
class SavedDeviceMemory {
  public:
    explicit SavedDeviceMemory(const DeviceMemory& memory);

    void restore() const;

    /// Bytes that saving the buffers takes.
    static size_t size_of(const DeviceMemory& memory);

  private:
    struct Range {
        char* begin;
        size_t size;
    };

    const DeviceMemory& memory_;
    std::vector<size_t> painted_;
    std::vector<Range> ranges_;
    std::unique_ptr<char[]> bytes_;
};

/// Saves what further orders need before the graph runs for the first time, unless the case does
/// not ask for any or its memory is too large; executes them once its outputs are on the host.
class FurtherOrders {
  public:
    FurtherOrders(const CaseDescription& description, const SharedState& shared,
                  const DeviceMemory& memory);

    /// To be called when the graph has been executed for the first time: notes in the ending
    /// whether it was quick enough. CPU time tells, from this object's making on: how long it took
    /// depends on what else the machine does, and so would the verdict.
    void note_execution(a2a3_ending& ending) const;

    /// Whether run() executes any.
    bool are_due(const a2a3_ending& ending) const { return saved_ && ending.quick != 0; }

    /// Executes the graph in each order on one thread, but for those in which it was executed on
    /// one thread already, from the saved memory, until one leaves other outputs than the host has;
    /// counts them in `control.draft`. The case's result is
    /// complete: what goes wrong here ends the process before all orders have ended.
    void run(Graph& graph, const KernelTable& kernels, const RuntimeHost& host, Control& control);

  private:
    bool differs(const RuntimeHost& host) const;

    const CaseDescription& description_;
    const SharedState& shared_;
    int64_t start_;                           // CPU time of this process in nanoseconds
    std::optional<SavedDeviceMemory> saved_;  // where orders are executed
};

}  // namespace a2a3sim
