// The engine's side of include/runtime.h: what an orchestration's calls do.
#pragma once

#include <string>
#include <vector>

#include "device/device_memory.h"
#include "device/host_tensors.h"
#include "graph/graph.h"
#include "host_build_graph/runtime.h"
#include "runtime/descriptions.h"
#include "shared/control.h"
#include "shared/shared_memory.h"

namespace a2a3sim {

/// One orchestration's calls. HostApi functions carry no context, so at most one RuntimeHost
/// exists in a process at a time. A misused call does nothing but note what was wrong; check()
/// ends the case with it once the orchestration has returned.
class RuntimeHost {
  public:
    RuntimeHost(const HostWindow& window, const std::vector<HostTensor>& tensors,
                const KernelTable& kernels, DeviceMemory::Options memory, Control& control,
                SharedTable<DeviceBuffer>& buffers, const KeptMemory* kept);
    ~RuntimeHost();
    RuntimeHost(const RuntimeHost&) = delete;
    RuntimeHost& operator=(const RuntimeHost&) = delete;

    Runtime& runtime() { return runtime_; }
    GraphBuilder& graph() { return graph_; }
    DeviceMemory& memory() { return memory_; }
    const DeviceMemory& memory() const { return memory_; }
    const std::vector<TensorPair>& tensor_pairs() const { return pairs_; }

    /// Has buffers that hold a whole output be where the host gets it, if the graph is executed but
    /// once: large outputs of which nothing is on the host or the device so far.
    void place_outputs();
    /// Whether that is so of the pair's output.
    bool is_placed(const TensorPair& pair) const;

    /// What the orchestration has said of device memory.
    const Descriptions& descriptions() const { return descriptions_; }
    /// What has been copied to the device, and then what will be copied back.
    std::vector<DeviceCopy> copies() const;
    /// Has the case's ending describe the use of a buffer; -1: of none.
    void describe(int64_t buffer) { described_ = buffer; }
    /// Completes that description once the graph is there.
    void describe_tasks(const Graph& graph, const KernelTable& kernels, a2a3_buffer_use& use) const;

    /// Has the code that adds each task be noted from now on.
    void note_submitters() { notes_submitters_ = true; }
    /// By task; empty if it was not noted.
    const std::vector<uint64_t>& submitters() const { return submitters_; }
    void note_submitter(const void* code) {
        if (notes_submitters_) submitters_.push_back(reinterpret_cast<uint64_t>(code));
    }

    /// An orchestration is making progress.
    void count_call() { control_.count_orchestration_call(); }
    /// Memory of the device, or nullptr if it is full; `caller` is the code that asks for it.
    void* allocate(size_t size, const void* caller);
    void free(void* address);
    /// The new task's id, or -1 if it is refused; `caller` is the code that adds it.
    int add_task(const uint64_t* args, int num_args, int func_id, CoreType core_type,
                 const void* caller);
    /// `call` is what the author calls for that.
    void add_successor(const char* call, int from, int to);
    /// A copy of the tensor on the device, which is copied back if it is an output. Throws
    /// CaseFailure.
    void* place_tensor(const HostTensor& tensor);
    /// Has every element of a buffer, of `unit` bytes, be the first bytes of `value`.
    void fill(void* address, size_t size, uint64_t value, size_t unit);
    /// Sets some bytes of a buffer.
    void write(void* address, size_t size, uint64_t bits);
    /// The same once the graph runs, before tasks that are added later.
    void write_later(uint64_t address, size_t size, uint64_t bits);
    /// The case has failed already.
    bool has_failed() const { return control_.completed() != 0; }
    bool has_misuse() const { return !misuses_.empty(); }
    /// Something that the orchestration must not do; it ends the case when it has returned.
    void note(a2a3_failure kind, std::string message);

    /// Throws CaseFailure if the orchestration returned an error, misused a call or built nothing.
    void check(int returned) const;

  private:
    struct Misuse {
        a2a3_failure kind;
        std::string message;
    };

    friend struct RuntimeCalls;

    void note_copy(const void* dev, const void* host, size_t size);
    bool is_only_one(const TensorPair& pair) const;
    void copy_in(void* dev, const void* host, size_t size, int threads);
    /// Writes to `dev` or to `host`.
    int copy(bool to_device, const void* dev, const void* host, size_t size);
    DeviceCopy copy_of(const void* dev, const void* host, size_t size, bool to_device) const;

    const HostWindow& window_;
    const std::vector<HostTensor>& tensors_;
    Control& control_;
    DeviceMemory memory_;
    GraphBuilder graph_;
    std::vector<TensorPair> pairs_;
    std::vector<TensorPair> placed_;
    std::vector<DeviceCopy> copied_;
    Descriptions descriptions_;
    std::vector<Misuse> misuses_;
    size_t misuse_count_ = 0;
    bool notes_submitters_ = false;
    std::vector<uint64_t> submitters_;
    int64_t malloc_calls_ = 0;
    int64_t described_ = -1;
    Runtime runtime_;
};

}  // namespace a2a3sim
