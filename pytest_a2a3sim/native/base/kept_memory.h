// Memory that is there before a case begins: page faults cost a large graph more than anything
// else.
#pragma once

#include <atomic>
#include <cstddef>

#include "base/memory.h"

namespace a2a3sim {

/// Of a process that forks those of cases. These map it, one after the other, and find what the one
/// before has left there. The first one that needs much finds nothing.
class KeptMemory {
  public:
    /// What it is for; each is an array.
    enum class Part { kTasks, kArgs, kEdges, kCount };

    /// Keeps nothing where addresses are scarce. Throws std::bad_alloc if there are none.
    KeptMemory();
    KeptMemory(const KeptMemory&) = delete;
    KeptMemory& operator=(const KeptMemory&) = delete;

    /// Of the process that forks, between cases: makes present what they have asked for.
    void refill();

    /// Of a case: has what is present of a part begin at `address`, the boundary of a huge page.
    /// Says how many bytes that are, at most `room`. Processes that the case forks get copies.
    size_t move(Part part, char* address, size_t room) const;

    /// Of a case: later ones may need so many bytes of a part.
    void ask_for(Part part, size_t size) const;

  private:
    static constexpr size_t kParts = static_cast<size_t>(Part::kCount);
    static constexpr size_t kMost = 4 * kHugePage;  // of a part

    char* begin_of(size_t part) const { return begin_ + part * kMost; }

    std::atomic<size_t>* asked_;  // by part, where cases write it
    char* begin_;                 // or nullptr
    size_t present_[kParts] = {};
};

}  // namespace a2a3sim
