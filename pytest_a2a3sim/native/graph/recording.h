// What the run of a graph leaves behind: records of its tasks, written as they end, and the graph
// itself, one after the other in shared memory.
#pragma once

#include "base/memory.h"
#include "graph/graph.h"
#include "shared/shared_memory.h"

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

/// One executed task; ticks count from a2a3_ending.origin_ticks. All zero: it was not executed.
struct TaskRecord {
    uint64_t start_and_core;  // ticks << kTicksShift | is an AIV core << kIdBits | id of the core
    uint64_t end_and_thread;  // ticks << kTicksShift | index of the thread

    static constexpr int kIdBits = 15;

    TaskRecord() = default;
    TaskRecord(uint64_t start, CoreType type, int core, uint64_t end, int thread)
        : start_and_core(start << kTicksShift | static_cast<uint64_t>(type) << kIdBits |
                         static_cast<uint64_t>(core)),
          end_and_thread(end << kTicksShift | static_cast<uint64_t>(thread)) {}

    uint64_t start() const { return start_and_core >> kTicksShift; }
    uint64_t end() const { return end_and_thread >> kTicksShift; }
    int16_t core_type() const { return static_cast<int16_t>(start_and_core >> kIdBits & 1); }
    int16_t core() const { return static_cast<int16_t>(start_and_core & kIdMask); }
    int32_t thread() const { return static_cast<int32_t>(end_and_thread & kIdMask); }

  private:
    static constexpr int kTicksShift = kIdBits + 1;
    static constexpr uint64_t kIdMask = (uint64_t{1} << kIdBits) - 1;
};

class Recording {
  public:
    explicit Recording(SharedFile* file = nullptr)
        : memory_(address_space(kLargest, kShare), kSmallest, file) {}

    /// Zero records for the tasks of a graph that is about to run. Throws std::bad_alloc when there
    /// is no room for its recording.
    TaskRecord* begin(const Graph& graph, bool with_arguments) const;

    /// Adds the graph behind its records, and the arguments of its tasks behind that.
    void append(const Graph& graph, const KernelTable& kernels, bool with_arguments) const;

    /// What the recording that another process has left must be like.
    struct Bounds {
        const KernelTable& kernels;
        int block_dim;
        int most_threads;
        uint64_t most_ticks;  // from the start of the graph
        bool with_arguments;
    };

    /// "" or what cannot be about the recording that another process has left of a graph of that
    /// size.
    const char* find_impossible(int64_t tasks, int64_t edges, const Bounds& bounds) const noexcept;

    /// A mapping, for reading, of the recording of a case that ran to its end, once that is
    /// checked. It outlives this object and is the caller's to unmap. Throws std::system_error if
    /// it cannot be had.
    a2a3_recording map_again(const a2a3_ending& ending, bool with_arguments) const;

    void hide_from_children() const { memory_.hide_from_children(); }

  private:
    static constexpr size_t kLargest = size_t{1} << 38;  // addresses
    static constexpr double kShare = 0.1;                // of scarce ones
    static constexpr size_t kSmallest = size_t{1} << 20;

    SharedMemory memory_;
};

/// The records of some tasks of a mapped recording, in seconds.
void decode_times(const a2a3_recording& recording, const int32_t* tasks, int64_t count,
                  a2a3_task_times* times) noexcept;

}  // namespace a2a3sim
