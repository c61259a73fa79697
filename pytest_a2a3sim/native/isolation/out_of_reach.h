// What kernels must not reach while the graph runs.
#pragma once

#include "device/host_window.h"
#include "isolation/simulation.h"

namespace a2a3sim {

/// Host tensors are out of reach for as long as this lives.
class HostTensorsOutOfReach {
  public:
    explicit HostTensorsOutOfReach(const CaseDescription& description) : description_(description) {
        set_reachable(*description_.window, description_.tensors, false);
    }
    ~HostTensorsOutOfReach() { set_reachable(*description_.window, description_.tensors, true); }
    HostTensorsOutOfReach(const HostTensorsOutOfReach&) = delete;
    HostTensorsOutOfReach& operator=(const HostTensorsOutOfReach&) = delete;

  private:
    const CaseDescription& description_;
};

/// No table is written for as long as this lives.
class TablesOutOfReach {
  public:
    explicit TablesOutOfReach(const SharedState& shared) : shared_(shared) { set_writable(false); }
    ~TablesOutOfReach() { set_writable(true); }
    TablesOutOfReach(const TablesOutOfReach&) = delete;
    TablesOutOfReach& operator=(const TablesOutOfReach&) = delete;

  private:
    void set_writable(bool writable) const {
        shared_.buffers.set_writable(writable);
        shared_.copied.set_writable(writable);
        shared_.objects.set_writable(writable);
        if (shared_.dependencies) shared_.dependencies->set_writable(writable);
        if (shared_.sanitizer) shared_.sanitizer->set_writable(writable);
        if (shared_.dump) shared_.dump->set_writable(writable);
    }

    const SharedState& shared_;
};

}  // namespace a2a3sim
