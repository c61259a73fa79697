// Where kernels find the arguments of their task.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "graph/graph.h"

namespace a2a3sim {

/// One area for each worker, which ends where unreachable memory begins. The arguments of a task
/// are copied to its end, so that a kernel that reads one more than there are faults, and does not
/// get those of another task.
class ArgumentAreas {
  public:
    /// Throws std::bad_alloc without memory.
    explicit ArgumentAreas(int count);
    ~ArgumentAreas();
    ArgumentAreas(const ArgumentAreas&) = delete;
    ArgumentAreas& operator=(const ArgumentAreas&) = delete;

    /// The copy of a task's arguments that its kernel gets, with `before` words that stand before
    /// them.
    int64_t* place(int worker, const uint64_t* args, size_t before, size_t count) const {
        uint64_t* const copy = end(worker) - count;
        copy_args(copy - before, args - before, before + count);
        return reinterpret_cast<int64_t*>(copy);
    }

    /// How many arguments past the last one of its task lies what this worker has tried to reach at
    /// `address`; -1 if it is not there. Safe in a signal handler, for the areas that exist now.
    static int missing_argument(int worker, uint64_t address);

  private:
    uint64_t* end(int worker) const {
        return reinterpret_cast<uint64_t*>(memory_ + static_cast<size_t>(worker) * stride_ + page_);
    }

    const int count_;
    const size_t page_;
    const size_t stride_;  // an area, and unreachable memory
    char* memory_;

    static std::atomic<const ArgumentAreas*> current;
};

}  // namespace a2a3sim
