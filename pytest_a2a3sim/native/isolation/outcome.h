// What a simulating process left behind, checked: the one place where the parent reads what the
// child wrote to tell how a case ended.
#pragma once

#include <cstdint>
#include <vector>

#include "isolation/simulation.h"

namespace a2a3sim {

/// What the system and the watchdog know of the end of a case.
struct ProcessEnd {
    bool isolated = false;
    int wait_status = 0;  // of the process
    bool out_of_memory = false;
    uint64_t peak_rss_bytes = 0;  // as the system has it, or the process says
    double hang_seconds = 0;      // 0: it was not ended for a hang
    bool timed_out = false;
    int64_t ticks = 0;  // as read_ticks() said them afterwards
    double ticks_per_second = 0;
};

/// Copies, in which every number is one that can be.
struct Outcome {
    a2a3_ending ending{};
    std::vector<a2a3_running_task> running;
    std::vector<DeviceBuffer> buffers;
    std::vector<a2a3_copied_range> copied;
    std::vector<a2a3_object> objects;
    std::vector<a2a3_finding> findings;
    std::vector<a2a3_core_finding> core_findings;
    std::vector<a2a3_core_step> core_steps;
    std::vector<a2a3_flow> flows;
    std::vector<a2a3_task_args> task_args;
    std::vector<int32_t> answers;
    std::vector<a2a3_dependency> dependencies;
    std::vector<a2a3_description> descriptions;
    std::vector<a2a3_dumped_task> dumped_tasks;
    std::vector<a2a3_dumped_range> dumped_ranges;
    a2a3_dump_gaps dump_gaps{};
};

/// How the case ended. What does not add up makes it A2A3_FAILURE_CORRUPTED, with a message that
/// says what. Throws std::bad_alloc without memory.
Outcome read_outcome(const CaseDescription& description, const SharedState& shared,
                     const ProcessEnd& end);

}  // namespace a2a3sim
