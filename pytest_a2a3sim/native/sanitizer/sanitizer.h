// The sanitizer of the graph level: one serial run of a graph of instrumented kernels, which finds
// races, accesses outside of buffers, and reads of what nobody wrote.
#pragma once

#include <array>
#include <atomic>
#include <unordered_map>
#include <vector>

#include "a2a3sim/recorder.h"
#include "device/host_window.h"
#include "executor/task_observer.h"
#include "graph/graph.h"
#include "sanitizer/device_map.h"
#include "sanitizer/history.h"
#include "sanitizer/page_net.h"
#include "sanitizer/race_check.h"
#include "sanitizer/reachability.h"
#include "sanitizer/undefined_reads.h"
#include "shared/shared_memory.h"

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

/// Hands a recorder to an instrumented object.
using UseRecorder = void (*)(a2a3_recorder* recorder);

/// Observes the run of a graph on one thread. At most one exists in a process at a time: callbacks
/// carry no context.
class Sanitizer : public TaskObserver {
  public:
    struct Case {
        int checks;  // bits of a2a3_check
        const Graph& graph;
        const DeviceMemory& memory;
        std::vector<DeviceCopy> copies;
        const HostWindow& window;
        const std::vector<HostTensor>& tensors;
        uint8_t poison;
    };

    /// `instrumented`: the kernels' objects. Throws std::bad_alloc.
    Sanitizer(Case what, const std::vector<UseRecorder>& instrumented);
    ~Sanitizer() override;
    Sanitizer(const Sanitizer&) = delete;
    Sanitizer& operator=(const Sanitizer&) = delete;

    void before_task(int32_t id) override;
    void after_task(int32_t id, const Kernel& kernel, int64_t* args) override;

    /// What was found and what was looked at.
    void report(SharedTable<a2a3_finding>& findings, a2a3_sanitized& sanitized);

  private:
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

    bool looks_for(a2a3_check check) const { return (case_.checks & check) != 0; }
    DeviceMap::Span span_of(uint64_t address);
    void add(uint64_t address, uint64_t size, int32_t mode, const void* code);
    void add_outside(uint64_t address, uint64_t size, bool writes, const void* code);
    void add_to_host(uint64_t address, uint64_t size, int32_t mode, const void* code);
    /// Before an atomic change, and when the task has ended: what else has changed the bytes.
    void note_blind_writes_at(uint64_t address, uint64_t size);
    void note_blind_writes();
    void note_blind_write(uint64_t address);
    void note_outside_accesses();
    void find_undefined_outputs();
    a2a3_finding finding_at(a2a3_check check, int32_t task, uint64_t begin, uint64_t end,
                            uint64_t bytes) const;
    a2a3_finding finding_of(const Race& race) const;
    a2a3_finding finding_of(const UndefinedRead& read);
    a2a3_finding finding_of(const OutsideAccess& access,
                            const std::vector<DeviceBuffer>& buffers) const;

    const Case case_;
    DeviceMap map_;
    Reachability order_;
    History history_;
    PageNet net_;
    a2a3_recorder recorder_{};
    RaceCheck races_;
    UndefinedReads undefined_;
    std::array<DeviceMap::Span, 8> spans_{};  // of the last accesses
    std::vector<OutsideAccess> outside_;
    OutsideAccess host_access_{};
    std::unordered_map<uint64_t, uint8_t> atomically_set_;  // bytes, by the running task
    int32_t task_ = -1;
    uint64_t bytes_ = 0;
    uint64_t blind_bytes_ = 0;
    int64_t tasks_ = 0;
    std::atomic_flag busy_ = ATOMIC_FLAG_INIT;  // threads of kernels' own
};

}  // namespace a2a3sim
