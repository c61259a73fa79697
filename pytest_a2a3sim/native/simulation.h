// One case from the loaded objects to the outputs on the host, in the calling process.
#pragma once

#include <string>
#include <vector>

#include "control.h"
#include "graph.h"
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
    a2a3_schedule schedule;
    uint64_t seed;
    bool isolate;
    uint64_t device_memory_size;

    explicit CaseDescription(const a2a3_request& request);
};

/// The memory that a2a3_run_map_recording() describes, as a file.
class TimelineFile {
  public:
    TimelineFile();
    ~TimelineFile();
    TimelineFile(const TimelineFile&) = delete;
    TimelineFile& operator=(const TimelineFile&) = delete;

    /// Maps zero records for `count` tasks; nullptr for none. Throws std::bad_alloc.
    a2a3_task_record* map(int64_t count);

    /// Adds the graph behind the records. Throws std::bad_alloc.
    void append(const Graph& graph);

    /// A mapping of everything that is the caller's to unmap; nullptr if there is none.
    void* map_all(size_t* nbytes) const;

  private:
    void write(const void* data, size_t size);

    int descriptor_;
    void* mapping_ = nullptr;
    size_t mapped_ = 0;
};

/// Runs the case and fills control.report; every failure ends up there. `copied_back` has one
/// entry a tensor: the bytes that tensor pairs copied into it.
void simulate(const CaseDescription& description, Control& control, TimelineFile& timeline,
              uint64_t* copied_back);

}  // namespace a2a3sim
