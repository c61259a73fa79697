// The sanitizer of the graph level: one serial run of a graph of instrumented kernels, which finds
// races, accesses outside of buffers, and reads of what nobody wrote.
#pragma once

#include <array>
#include <atomic>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "a2a3sim/recorder.h"
#include "device/host_tensors.h"
#include "executor/task_observer.h"
#include "graph/graph.h"
#include "graph/reachability.h"
#include "sanitizer/core/core_check.h"
#include "sanitizer/data_flow.h"
#include "sanitizer/device_map.h"
#include "sanitizer/history.h"
#include "sanitizer/page_net.h"
#include "sanitizer/race_check.h"
#include "sanitizer/undefined_reads.h"
#include "shared/shared_memory.h"

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

/// What a sanitized run tells its parent.
struct SanitizerTables {
    SharedTable<a2a3_finding> findings{A2A3_MOST_FINDINGS};
    SharedTable<a2a3_core_finding> core_findings{A2A3_MOST_CORE_FINDINGS};
    SharedTable<a2a3_core_step> core_steps{size_t{A2A3_MOST_CORE_FINDINGS} * 16};
    SharedTable<a2a3_flow> flows{kMostFlows};
    SharedTable<a2a3_task_args> task_args{kMostTasks};
    SharedTable<int32_t> answers{kMostAnswers};

    void set_writable(bool writable) const {
        findings.set_writable(writable);
        core_findings.set_writable(writable);
        core_steps.set_writable(writable);
        flows.set_writable(writable);
        task_args.set_writable(writable);
        answers.set_writable(writable);
    }
    void hide_from_children() const {
        findings.hide_from_children();
        core_findings.hide_from_children();
        core_steps.hide_from_children();
        flows.hide_from_children();
        task_args.hide_from_children();
        answers.hide_from_children();
    }

  private:
    static constexpr size_t kMostFlows = size_t{1} << 24;
    static constexpr size_t kMostTasks = size_t{1} << 24;
    static constexpr size_t kMostAnswers = size_t{1} << 16;
};

/// Hands a recorder to an instrumented object.
using UseRecorder = void (*)(a2a3_recorder* recorder);

/// Observes the run of a graph on one thread. At most one exists in a process at a time: callbacks
/// carry no context.
class Sanitizer : public TaskObserver {
  public:
    struct Case {
        int checks;  // bits of a2a3_check
        bool records_flows;
        const Graph& graph;
        const DeviceMemory& memory;
        std::vector<DeviceCopy> copies;
        const std::vector<uint64_t>& submitters;  // code that added each task
        const HostWindow& window;
        const std::vector<HostTensor>& tensors;
        uint8_t poison;
        bool faults_are_told;  // set_fault_resolver() has an effect
        int32_t core_memory;   // an a2a3_core_memory
    };

    /// `instrumented`: the kernels' objects. Throws std::bad_alloc.
    Sanitizer(Case what, std::vector<UseRecorder> instrumented);
    ~Sanitizer() override;
    Sanitizer(const Sanitizer&) = delete;
    Sanitizer& operator=(const Sanitizer&) = delete;

    void before_task(int32_t id, const Kernel& kernel) override;
    void after_task(int32_t id, const Kernel& kernel, int64_t* args) override;
    void write(void* to, const void* from, size_t size) override;
    void pause_task(int32_t id) noexcept override;
    void resume_task(int32_t id) noexcept override;
    void note_exchange(int32_t id) noexcept override;

    /// What was found and what was looked at.
    void report(const std::vector<a2a3_question>& questions, SanitizerTables& tables,
                a2a3_sanitized& sanitized);

  private:
    static constexpr size_t kSpans = 4;

    struct OutsideAccess {
        int32_t task;
        bool writes;
        const void* code;
        uint64_t begin;
        uint64_t end;
        uint64_t bytes;
    };

    static void record(uint64_t address, uint64_t size, int32_t mode, const void* code);
    static void changed(uint64_t address, uint64_t size);
    static bool resolve_fault(uint64_t address);

    const DeviceMap::Span& span_at(uint64_t address);
    bool looks_for(a2a3_check check) const { return (case_.checks & check) != 0; }
    DeviceMap::Span span_of(uint64_t address);
    void add(uint64_t address, uint64_t size, int32_t mode, const void* code);
    void set_shortcut(uint64_t address, int32_t mode, const DeviceMap::Span& span);
    void settle_shortcuts();
    void add_outside(uint64_t address, uint64_t size, bool writes, const void* code);
    void add_to_host(uint64_t address, uint64_t size, int32_t mode, const void* code);
    /// Before an atomic change, and when the task has ended: what else has changed the bytes.
    void note_blind_writes_at(uint64_t address, uint64_t size);
    void note_blind_writes();
    void note_blind_write(uint64_t address);
    void note_outside_accesses();
    void start_part(int32_t id);
    void end_part(const Kernel* kernel);
    void find_undefined_outputs();
    void report_flows(const std::vector<a2a3_question>& questions, SanitizerTables& tables);
    a2a3_finding finding_at(a2a3_check check, int32_t task, uint64_t begin, uint64_t end,
                            uint64_t bytes) const;
    a2a3_finding finding_of(const Race& race) const;
    a2a3_finding finding_of(const UndefinedRead& read);
    a2a3_finding finding_of(const OutsideAccess& access,
                            const std::vector<DeviceBuffer>& buffers) const;

    const Case case_;
    const std::vector<UseRecorder> instrumented_;
    DeviceMap map_;
    Reachability order_;
    History history_;
    PageNet net_;
    a2a3_recorder recorder_{};
    RaceCheck races_;
    UndefinedReads undefined_;
    DataFlow flow_;
    CoreCheck core_;
    DeviceMap::Span spans_[kSpans] = {};  // of the last accesses
    size_t oldest_span_ = 0;
    std::vector<OutsideAccess> outside_;
    OutsideAccess host_access_{};
    std::unordered_map<uint64_t, uint8_t> atomically_set_;  // bytes, by the running task
    int32_t task_ = -1;
    uint64_t bytes_ = 0;
    uint64_t blind_bytes_ = 0;
    int64_t tasks_ = 0;
    std::unordered_set<int32_t> exchanging_;    // tasks that exchange something with their gangs
    std::atomic_flag busy_ = ATOMIC_FLAG_INIT;  // threads of kernels' own
};

}  // namespace a2a3sim
