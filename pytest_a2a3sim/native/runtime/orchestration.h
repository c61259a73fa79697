// The author's function that submits tasks, and the runtime that it is written for.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "runtime/aicpu_build.h"
#include "runtime/runtime_host.h"
#include "runtime/tensor_runtime.h"

namespace a2a3sim {

class Orchestration {
  public:
    struct Entry {
        a2a3_runtime runtime;
        void* object;  // as dlopen() has returned it
        void* function;
    };

    struct Options {
        const a2a3_ring& ring_sizes;
        int block_dim;
        bool records_dependencies;
        TensorRuntime::RunAhead run_ahead;
    };

    /// Throws CaseFailure if the object is no orchestration of its runtime.
    Orchestration(const Entry& entry, RuntimeHost& host, const std::vector<a2a3_argument>& args,
                  const std::vector<HostTensor>& tensors, const Options& options);

    /// Calls the function: the host has the graph then. Throws CaseFailure, and what the function
    /// throws.
    void run();

    /// Whether a task's argument is memory of the runtime that kernels may read.
    bool offers(uint64_t address) const {
        return tensor_runtime_ && tensor_runtime_->is_descriptor(address);
    }

    /// Device memory that a task's argument describes, from the first to behind the last byte of
    /// a tensor; two zeros if it describes none.
    std::pair<uint64_t, uint64_t> described_by(uint64_t argument) const;

    /// What the rings of a runtime of tensors held.
    void note_rings(a2a3_ring* rings) const;
    /// Why its tasks wait for others, if that was recorded.
    void note_dependencies(SharedTable<a2a3_dependency>& dependencies) const;

  private:
    /// An EntryKind, or 0.
    int entry_kind() const;
    void run_host_build_graph();
    void run_with_host_tensors();
    void run_with_tensors();
    void call_with_tensors();

    const Entry entry_;
    RuntimeHost& host_;
    const std::vector<a2a3_argument>& args_;
    const std::vector<HostTensor>& tensors_;
    std::optional<TensorRuntime> tensor_runtime_;
    std::optional<AicpuBuild> aicpu_build_;
};

}  // namespace a2a3sim
