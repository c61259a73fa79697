// What PTO ISA's kernels for CPUs ask their host: which core they are on, and for memory that the
// cores of a cluster share.
#pragma once

#include "graph/graph.h"

namespace a2a3sim {

/// Has kernels that look for these functions in their process find them, and hands them to the
/// object that wants them handed to it.
void offer_core_identity(void* handle);

/// While it lives, the answers are about the tasks of this graph.
class TasksIdentified {
  public:
    explicit TasksIdentified(const Graph& graph);
    ~TasksIdentified();
    TasksIdentified(const TasksIdentified&) = delete;
    TasksIdentified& operator=(const TasksIdentified&) = delete;
};

}  // namespace a2a3sim
