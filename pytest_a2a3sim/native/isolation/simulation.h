// One case from the loaded objects to the outputs on the host, in the calling process.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "device/host_window.h"
#include "isolation/shared_state.h"

namespace a2a3sim {

struct ObjectSymbol {
    std::string name;
    std::string path;
    std::string symbol;
    int func_id = -1;
    int core_type = 0;
};

/// A copy of an a2a3_request that owns its strings.
struct CaseDescription {
    ObjectSymbol orchestration;
    std::vector<ObjectSymbol> kernels;
    std::vector<HostTensor> tensors;
    std::vector<uint64_t> args;
    const HostWindow* window;
    int block_dim;
    int thread_count;
    a2a3_schedule schedule;
    uint64_t seed;
    bool isolate;
    uint64_t device_memory_size;
    uint8_t poison;
    int output_descriptor;
    int error_descriptor;
    std::vector<a2a3_watch> watches;
    bool check_each_task;

    explicit CaseDescription(const a2a3_request& request);

    /// Of the kernels, by func_id.
    std::unordered_map<int, int> core_types() const;
};

/// Runs the case. Every failure ends up in `shared.control->ending`.
void simulate(const CaseDescription& description, SharedState& shared);

}  // namespace a2a3sim
