// What is to be simulated, and how.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "device/host_tensors.h"
#include "dump/task_dump.h"

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

class KeptMemory;
class ProcessServer;

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
    std::vector<a2a3_argument> args;
    a2a3_runtime runtime;
    a2a3_ring ring_sizes;
    const HostWindow* window;
    ProcessServer* process_server;  // null: the case is forked from this process
    const KeptMemory* kept_memory;  // of a process that it has forked this one from
    std::string environment;        // of one that it starts; a NUL is behind each variable
    int block_dim;
    int thread_count;
    a2a3_schedule schedule;
    uint64_t seed;
    bool isolate;
    uint64_t device_memory_size;
    std::vector<a2a3_buffer_range> other_poison;
    int64_t described_buffer;
    int output_descriptor;
    int error_descriptor;
    std::vector<a2a3_watch> watches;
    std::vector<a2a3_order> orders;
    double order_seconds;
    std::vector<a2a3_question> questions;
    bool records_flows;
    int checks;  // bits of a2a3_check
    bool check_each_task;
    int32_t core_memory;
    DumpRequest dump;
    bool records_arguments;
    bool records_dependencies;
    int64_t start_nanoseconds;  // of the case
    int64_t start_ticks;
    uint64_t nonce;  // that only the parent and the engine in the child know

    explicit CaseDescription(const a2a3_request& request);

    /// Whether kernels are instrumented, and listened to.
    bool is_sanitized() const { return checks != 0 || records_flows; }
};

/// What a case that ran to its end, and no other, leaves in Report.receipt; never 0.
uint64_t receipt_of(const CaseDescription& description, const a2a3_ending& ending,
                    size_t copied_ranges);

}  // namespace a2a3sim
