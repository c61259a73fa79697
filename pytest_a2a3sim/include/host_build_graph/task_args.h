// The entry of orchestrations for host_build_graph from 28 March to 2 April 2026: tensors with
// shapes, and the methods of Runtime.
#ifndef A2A3SIM_HOST_BUILD_GRAPH_TASK_ARGS_H_
#define A2A3SIM_HOST_BUILD_GRAPH_TASK_ARGS_H_

#include "tensors/entry.h"

/// Tells the engine that the entry is int (Runtime*, const ChipStorageTaskArgs&).
extern "C" {
__attribute__((weak, used, visibility("default"))) int a2a3sim_entry_kind =
    a2a3sim::kEntryOfHostTensors;
}

#endif  // A2A3SIM_HOST_BUILD_GRAPH_TASK_ARGS_H_
