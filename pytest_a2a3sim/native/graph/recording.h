// What the run of a graph leaves behind: records of its tasks, written as they end, and the graph
// itself, one after the other in shared memory.
#pragma once

#include <unordered_map>

#include "graph/graph.h"
#include "shared/shared_memory.h"

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

/// One executed task; ticks count from a2a3_ending.origin_ticks. All zero: it was not executed.
struct TaskRecord {
    uint64_t start_and_core;  // ticks << kIdBits | id of the core
    uint64_t end_and_thread;  // ticks << kIdBits | index of the thread

    static constexpr int kIdBits = 16;

    TaskRecord() = default;
    TaskRecord(uint64_t start, int core, uint64_t end, int thread)
        : start_and_core(start << kIdBits | static_cast<uint64_t>(core)),
          end_and_thread(end << kIdBits | static_cast<uint64_t>(thread)) {}

    uint64_t start() const { return start_and_core >> kIdBits; }
    uint64_t end() const { return end_and_thread >> kIdBits; }
    int core() const { return static_cast<int>(start_and_core & kIdMask); }
    int thread() const { return static_cast<int>(end_and_thread & kIdMask); }

  private:
    static constexpr uint64_t kIdMask = (uint64_t{1} << kIdBits) - 1;
};

class Recording {
  public:
    Recording() : memory_(kLargest, kSmallest) {}

    /// Zero records for the tasks of a graph that is about to run. Throws std::bad_alloc when there
    /// is no room for its recording.
    TaskRecord* begin(const Graph& graph) const;

    /// Adds the graph behind its records.
    void append(const Graph& graph) const;

    /// A mapping of the recording of so many tasks and edges, which outlives this object and is
    /// the caller's to unmap. Throws std::system_error if it cannot be had.
    a2a3_recording map_again(int64_t tasks, int64_t edges) const;

    /// The records of a case that ran to its end in seconds; `core_types` has those of its kernels
    /// by func_id.
    void decode(const a2a3_ending& ending, const std::unordered_map<int, int>& core_types,
                a2a3_task_times* times) const;

    void hide_from_children() const { memory_.hide_from_children(); }

  private:
    static constexpr size_t kLargest = size_t{1} << 38;  // addresses
    static constexpr size_t kSmallest = size_t{1} << 20;

    SharedMemory memory_;
};

}  // namespace a2a3sim
