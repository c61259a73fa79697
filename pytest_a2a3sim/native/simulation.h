// One case from the loaded objects to the outputs on the host, in the calling process.
#pragma once

#include <string>
#include <vector>

#include "control.h"
#include "host_window.h"

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
    bool isolate;
    uint64_t device_memory_size;

    explicit CaseDescription(const a2a3_request& request);
};

/// A file in memory that holds one a2a3_task_record a task.
class TimelineFile {
  public:
    TimelineFile();
    ~TimelineFile();
    TimelineFile(const TimelineFile&) = delete;
    TimelineFile& operator=(const TimelineFile&) = delete;

    /// Maps records for `count` tasks, growing the file to them; nullptr for none.
    a2a3_task_record* map(int64_t count);

  private:
    int descriptor_;
    void* mapping_ = nullptr;
    size_t mapped_ = 0;
};

/// Runs the case and fills control.report; every failure ends up there. `copied_back` has one
/// entry a tensor: the bytes that tensor pairs copied into it.
void simulate(const CaseDescription& description, Control& control, TimelineFile& timeline,
              uint64_t* copied_back);

}  // namespace a2a3sim
