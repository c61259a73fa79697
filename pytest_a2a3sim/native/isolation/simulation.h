// One case from the loaded objects to the outputs on the host, in the calling process.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/memory.h"
#include "device/device_memory.h"
#include "device/host_window.h"
#include "graph/recording.h"
#include "sanitizer/sanitizer.h"
#include "shared/control.h"
#include "shared/shared_memory.h"

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
    int64_t start_nanoseconds;  // of the case
    int64_t start_ticks;
    uint64_t nonce;  // that only the parent and the engine in the child know

    explicit CaseDescription(const a2a3_request& request);

    /// Whether kernels are instrumented, and listened to.
    bool is_sanitized() const { return checks != 0 || records_flows; }
};

/// Everything that a simulating process tells its parent.
struct SharedState {
    explicit SharedState(bool sanitized) {
        if (sanitized) sanitizer.emplace();
    }

    Control control;
    SharedTable<DeviceBuffer> buffers{room_for<DeviceBuffer>(kMostBuffers)};
    Recording recording;
    SharedTable<a2a3_copied_range> copied{room_for<a2a3_copied_range>(kMostRanges)};
    SharedTable<a2a3_object> objects{kMostObjects};
    std::optional<SanitizerTables> sanitizer;  // of a sanitized case

    /// A process that a kernel forks cannot touch what belongs to the case.
    void hide_from_children() const {
        control.hide_from_children();
        buffers.hide_from_children();
        recording.hide_from_children();
        copied.hide_from_children();
        objects.hide_from_children();
        if (sanitizer) sanitizer->hide_from_children();
    }

  private:
    template <typename T>
    static size_t room_for(size_t count) {
        constexpr double kShare = 0.03;  // of scarce addresses
        return address_space(count * sizeof(T), kShare) / sizeof(T);
    }

    // Addresses only: memory is used as the tables grow.
    static constexpr size_t kMostBuffers = size_t{1} << 28;
    static constexpr size_t kMostRanges = size_t{1} << 28;
    static constexpr size_t kMostObjects = size_t{1} << 14;
};

/// What a case that ran to its end, and no other, leaves in Report.receipt; never 0.
uint64_t receipt_of(const CaseDescription& description, const a2a3_ending& ending,
                    size_t copied_ranges);

/// Runs the case. Every failure ends up in the report.
void simulate(const CaseDescription& description, SharedState& shared);

}  // namespace a2a3sim
