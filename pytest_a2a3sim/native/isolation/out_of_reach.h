// What kernels must not reach while the graph runs.
#pragma once

#include "device/host_tensors.h"
#include "isolation/simulation.h"

namespace a2a3sim {

/// Host tensors are out of reach for as long as this lives.
class HostTensorsOutOfReach {
  public:
    /// `afterwards`: what becomes of them in the end.
    HostTensorsOutOfReach(const CaseDescription& description, Reach afterwards)
        : description_(description), afterwards_(afterwards) {
        set_reach(*description_.window, description_.tensors, Reach::kNone);
    }
    ~HostTensorsOutOfReach() { set_reach(*description_.window, description_.tensors, afterwards_); }
    HostTensorsOutOfReach(const HostTensorsOutOfReach&) = delete;
    HostTensorsOutOfReach& operator=(const HostTensorsOutOfReach&) = delete;

  private:
    const CaseDescription& description_;
    const Reach afterwards_;
};

/// For tables that are added to after the graph has run.
inline void set_result_tables_writable(const SharedState& shared, bool writable) {
    shared.copied.set_writable(writable);
    if (shared.sanitizer) shared.sanitizer->set_writable(writable);
    if (shared.dump) shared.dump->set_writable(writable);
}

/// No table is written for as long as this lives; those that are complete are not from then on.
class TablesOutOfReach {
  public:
    explicit TablesOutOfReach(const SharedState& shared) : shared_(shared) {
        shared_.buffers.set_writable(false);
        shared_.objects.set_writable(false);
        if (shared_.dependencies) shared_.dependencies->set_writable(false);
        set_result_tables_writable(shared_, false);
    }
    ~TablesOutOfReach() { set_result_tables_writable(shared_, true); }
    TablesOutOfReach(const TablesOutOfReach&) = delete;
    TablesOutOfReach& operator=(const TablesOutOfReach&) = delete;

  private:
    const SharedState& shared_;
};

}  // namespace a2a3sim
