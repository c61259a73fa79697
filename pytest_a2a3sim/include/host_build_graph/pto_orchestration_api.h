// The API of orchestrations for host_build_graph since July 2026: that of tensormap_and_ringbuffer,
// called on the host before any task starts. Those that include runtime.h are called as before.
#ifndef A2A3SIM_HOST_BUILD_GRAPH_PTO_ORCHESTRATION_API_H_
#define A2A3SIM_HOST_BUILD_GRAPH_PTO_ORCHESTRATION_API_H_

#include "tensors/submit.h"

#endif  // A2A3SIM_HOST_BUILD_GRAPH_PTO_ORCHESTRATION_API_H_
