// What the run of a graph leaves behind, in the layout that a2a3_run_map_recording() describes.
#pragma once

#include "graph.h"
#include "shared_memory.h"

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

class Recording {
  public:
    Recording() : memory_(kLargest, kSmallest) {}

    /// Zero records for the tasks of a graph that is about to run. Throws std::bad_alloc when there
    /// is no room for its recording.
    a2a3_task_record* begin(const Graph& graph) const;

    /// Adds the graph behind its records.
    void append(const Graph& graph) const;

    /// A mapping of the recording of so many tasks and edges, which outlives this object and is
    /// the caller's to unmap; nullptr if there is none.
    void* map_again(int64_t tasks, int64_t edges, size_t* nbytes) const;

    void hide_from_children() const { memory_.hide_from_children(); }

  private:
    static constexpr size_t kLargest = size_t{1} << 38;  // addresses
    static constexpr size_t kSmallest = size_t{1} << 20;

    SharedMemory memory_;
};

}  // namespace a2a3sim
