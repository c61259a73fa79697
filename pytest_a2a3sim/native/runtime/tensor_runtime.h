// The runtimes whose tasks work on tensors: tensormap_and_ringbuffer and aicpu_build_graph.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/growing_array.h"
#include "runtime/rings.h"
#include "runtime/runtime_host.h"
#include "runtime/tensor_map.h"
#include "tensors/task.h"

namespace a2a3sim {

/// One orchestration's calls: include/tensors/orchestration.h is its side of them. It runs beside
/// the device and may read its arguments' memory. Its tasks become tasks of the host's graph: a
/// mixed one becomes one for each of its kernels, with the same arguments and dependencies.
class TensorRuntime {
  public:
    enum class Dependencies { kDerived, kGiven };

    TensorRuntime(RuntimeHost& host, Dependencies dependencies, const a2a3_ring& ring_sizes);

    PTO2Runtime& runtime() { return runtime_; }

    /// Copies the tensors among the arguments to the device, notes that outputs are copied back,
    /// and returns the arguments as the orchestration gets them. Throws CaseFailure.
    std::vector<uint64_t> place_arguments(const std::vector<a2a3_argument>& args,
                                          const std::vector<HostTensor>& tensors);

    /// Kernels get the descriptors that they are submitted with, and cannot change them.
    void protect_descriptors() const;
    /// Whether a task's argument is the address of a descriptor.
    bool is_descriptor(uint64_t address) const {
        return address - reinterpret_cast<uint64_t>(descriptors_.data()) <
               descriptors_.size() * sizeof(Tensor);
    }

    const Rings& rings() const { return rings_; }

  private:
    friend struct TensorCalls;

    static constexpr size_t kMostProducers = 16;

    struct Submitted {
        int32_t first_task;  // in the graph
        int32_t task_count;
        int32_t scope;  // serial number
    };

    /// A task while it is being submitted.
    struct Submission {
        const MixedKernels& kernels;
        const PTOParam& params;
        const void* caller;
        int32_t id;
        std::array<int32_t, PTO2_MAX_TENSOR_PARAMS> buffers{};  // in the map
        std::array<bool, PTO2_MAX_TENSOR_PARAMS> is_allocated{};
        std::array<int32_t, kMostProducers> producers{};
        size_t producer_count = 0;
    };

    uint64_t submit(const MixedKernels& kernels, const PTOParam& params, const void* caller);
    void add_dependency(uint64_t producer, uint64_t consumer);
    void open_scope();
    void close_scope();

    /// Each returns "" or what is wrong.
    std::string find_buffers(Submission& task);
    std::string derive_dependencies(Submission& task);
    std::string add_producer(Submission& task, int32_t producer);
    std::string allocate_outputs(Submission& task, uint64_t& bytes);

    void note_writes(const Submission& task);
    void add_to_graph(const Submission& task);
    void connect(const Submitted& producer, const Submitted& consumer);
    bool is_open(int32_t scope) const;
    void fail(const std::string& problem);

    RuntimeHost& host_;
    const Dependencies dependencies_;
    Rings rings_;
    TensorMap map_;
    GrowingArray<Tensor> descriptors_;
    std::vector<Submitted> submitted_;
    std::vector<int32_t> open_scopes_;
    int32_t scope_count_ = 0;
    bool is_fatal_ = false;
    PTO2Runtime runtime_;
};

}  // namespace a2a3sim
