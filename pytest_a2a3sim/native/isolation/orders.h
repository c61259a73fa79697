// Executes a graph that has run once more, in other orders, to see whether its outputs depend on
// the order of tasks that nothing orders.
#pragma once

#include <vector>

#include "executor/executor.h"
#include "isolation/simulation.h"
#include "runtime/runtime_host.h"

namespace a2a3sim {

/// The device's memory as it is when this is made: the live buffers and what lies around them.
class SavedDeviceMemory {
  public:
    explicit SavedDeviceMemory(const SharedTable<DeviceBuffer>& buffers);

    void restore() const;

    /// Bytes that saving the buffers takes.
    static size_t size_of(const SharedTable<DeviceBuffer>& buffers);

  private:
    struct Range {
        char* begin;
        size_t size;
    };

    std::vector<Range> ranges_;
    std::vector<char> bytes_;
};

/// Saves what further orders need before the graph runs for the first time, unless the case does
/// not ask for any or its memory is too large; executes them once its outputs are on the host.
class FurtherOrders {
  public:
    FurtherOrders(const CaseDescription& description, const SharedState& shared);

    /// Executes the graph in each order on one thread, from the saved memory, until one leaves
    /// other outputs than the host has; counts them in `control.draft`. The case's result is
    /// complete: what goes wrong here ends the process before all orders have ended.
    void run(Graph& graph, const KernelTable& kernels, const RuntimeHost& host, Control& control);

  private:
    bool differs(const RuntimeHost& host) const;

    const CaseDescription& description_;
    const SharedState& shared_;
    std::vector<SavedDeviceMemory> saved_;  // one, or none where no order is executed
};

}  // namespace a2a3sim
