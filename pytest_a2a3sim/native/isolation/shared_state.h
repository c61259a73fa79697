// Everything that a simulating process tells its parent.
#pragma once

#include "device/device_memory.h"
#include "graph/recording.h"
#include "shared/control.h"
#include "shared/shared_memory.h"

namespace a2a3sim {

struct SharedState {
    SharedValue<Control> control;
    SharedTable<DeviceBuffer> buffers{kMostBuffers};
    Recording recording;
    SharedTable<a2a3_copied_range> copied{kMostRanges};
    SharedTable<a2a3_object> objects{kMostObjects};

    /// A process that a kernel forks cannot touch what belongs to the case.
    void hide_from_children() const {
        control.hide_from_children();
        buffers.hide_from_children();
        recording.hide_from_children();
        copied.hide_from_children();
        objects.hide_from_children();
    }

  private:
    // Addresses only: memory is used as the tables grow.
    static constexpr size_t kMostBuffers = size_t{1} << 28;
    static constexpr size_t kMostRanges = size_t{1} << 28;
    static constexpr size_t kMostObjects = size_t{1} << 14;
};

}  // namespace a2a3sim
