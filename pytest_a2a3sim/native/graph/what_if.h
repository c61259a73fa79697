// What a device would make of a graph whose tasks' durations are known.
#pragma once

#include <cstdint>
#include <vector>

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

/// The makespan of list scheduling (Graham, "Bounds for Certain Multiprocessing Anomalies", 1966):
/// a core that is free takes the task of its type that has been ready for longest, the smallest id
/// among equals.
double list_schedule(const a2a3_timed_graph& graph, int block_dim);

/// A path with the largest sum of durations, first task first.
std::vector<int32_t> critical_path(const a2a3_timed_graph& graph);

}  // namespace a2a3sim
