// What wants to know when tasks begin and end.
#pragma once

#include <cstdint>

#include "graph/graph.h"

namespace a2a3sim {

/// Called on the thread that executes the task, right before and after its kernel. What it throws
/// fails the case.
class TaskObserver {
  public:
    virtual ~TaskObserver() = default;
    virtual void before_task(int32_t id) = 0;
    /// `args` are what the kernel got, and may have changed.
    virtual void after_task(int32_t id, const Kernel& kernel, int64_t* args) = 0;
};

}  // namespace a2a3sim
