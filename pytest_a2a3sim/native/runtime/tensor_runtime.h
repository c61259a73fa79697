// The runtimes whose tasks work on tensors: tensormap_and_ringbuffer, aicpu_build_graph, and
// host_build_graph since July 2026.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/growing_array.h"
#include "runtime/descriptors.h"
#include "runtime/entry_arguments.h"
#include "runtime/rings.h"
#include "runtime/runtime_host.h"
#include "runtime/tensor_map.h"
#include "tensors/core_args.h"
#include "tensors/entry.h"

namespace a2a3sim {

/// One orchestration's calls: include/tensors is its side of them. Its tasks become tasks of the
/// host's graph: a task of several kernels, or blocks, becomes one for each kernel of each block,
/// with the same arguments and dependencies.
class TensorRuntime {
  public:
    enum class Dependencies { kDerived, kGiven };

    /// Where the orchestration runs: beside the device, whose memory it can reach, or on the host.
    enum class Side { kDevice, kHost };

    /// The first bytes of what lies at an address once some tasks of the graph have run.
    using RunAhead =
        std::function<uint64_t(const std::vector<bool>& tasks, uint64_t address, size_t size)>;

    struct Options {
        Dependencies dependencies;
        Side side;
        a2a3_ring ring_sizes;
        int block_dim;
        bool records_dependencies;
        RunAhead run_ahead;
    };

    TensorRuntime(RuntimeHost& host, const Options& options);

    PTO2Runtime& runtime() { return runtime_; }

    /// Copies the tensors among the arguments to the device and notes that outputs are copied back.
    /// Throws CaseFailure.
    EntryArguments place_arguments(const std::vector<a2a3_argument>& args,
                                   const std::vector<HostTensor>& tensors);

    /// Kernels get the descriptors that they are submitted with, and cannot change them.
    void protect_descriptors() const;
    /// Whether a task's argument is the address of a descriptor.
    bool is_descriptor(uint64_t address) const { return descriptors_.has(address); }

    const Rings& rings() const { return rings_; }
    /// Those of all tasks, if they are recorded.
    const std::vector<a2a3_dependency>& dependencies() const { return dependencies_; }
    bool is_fatal() const { return is_fatal_; }

  private:
    friend struct TensorCalls;

    static const TensorRuntimeOps kOps;

    /// Of tasks with a PTOParam; the device drops what is more.
    static constexpr size_t kMostProducers = 16;

    struct Submitted {
        int32_t first_task;  // in the graph; of a task without kernels, the one that came next
        int32_t task_count;
        int32_t scope;   // serial number
        int32_t behind;  // of a task without kernels: index of those that it waits for, or -1
    };

    struct Scope {
        int32_t number;
        PTO2ScopeMode mode;
    };

    /// A task that another one waits for, and the first reason that was found.
    struct Producer {
        int32_t task;
        a2a3_dependency_kind kind;
        size_t tensor;  // of the other one; of no meaning where the dependency is explicit
    };

    /// A task while it is being submitted.
    struct Submission {
        Submission(const TaskRequest& what, const void* by, int32_t number)
            : request(what), caller(by), id(number) {}

        const TaskRequest& request;
        const void* caller;
        int32_t id;
        std::array<Tensor*, kMostOutputs> tensors;  // copies, which kernels get
        std::array<int32_t, kMostOutputs> buffers;  // in the map
        Condition condition;                        // if there is one
    };

    /// What the orchestration calls. They take nothing more once they have refused a call.
    void submit(const TaskRequest& request, const void* caller, SubmittedTask& made);
    void add_dependency(PTO2TaskId producer, PTO2TaskId consumer);
    void open_scope(PTO2ScopeMode mode);
    void close_scope();
    uint64_t get_data(const Tensor& tensor, uint32_t ndims, const uint32_t* indices);
    void set_data(const Tensor& tensor, uint32_t ndims, const uint32_t* indices, uint64_t value);

    /// That all blocks of a task take at a time.
    static int clusters_of(const TaskRequest& request);

    /// These throw Refusal.
    void check(const TaskRequest& request) const;
    void copy_tensors(Submission& task);
    /// Which kernels get; an OUTPUT's is changed when it has memory.
    Tensor* copy_of(const Tensor& tensor, Geometry geometry, TensorArgType type);
    void find_buffer(Submission& task, size_t index);
    Condition find_condition(const CoreTaskPredicate& predicate) const;
    void find_producers(const Submission& task);
    void look_up(const Submission& task, size_t index);
    void add_producer(const Submission& task, const Producer& producer);
    /// How many bytes of the heap they take.
    uint64_t allocate_outputs(Submission& task);
    /// Of an element.
    uint64_t address_of(const Tensor& tensor, uint32_t ndims, const uint32_t* indices) const;
    /// Refuses if it is not known when the tensor can be read, or written.
    void check_wait(const Tensor& tensor, const std::vector<int32_t>& tasks, bool writes);

    /// Tasks of the graph that are known to write elements of the tensor.
    std::vector<int32_t> writers_of(const Tensor& tensor);
    /// These, and the tasks that wait for one of them.
    std::vector<int32_t> with_readers(const std::vector<int32_t>& writers);
    /// By task of the graph: whether it is one of these, or one of these waits for it.
    std::vector<bool> up_to(const std::vector<int32_t>& tasks);
    /// Tasks that are submitted from now on start when these have ended.
    void wait_for(const std::vector<int32_t>& tasks);

    void note_writes(const Submission& task);
    void add_to_graph(const Submission& task);
    void connect_to_waited(const Submitted& consumer);
    void connect(int32_t producer, const Submitted& consumer, const a2a3_dependency* why);
    a2a3_dependency reason(const Submission& task, const Producer& producer) const;
    bool is_open(int32_t scope) const;
    bool derives() const {
        return options_.dependencies == Dependencies::kDerived &&
               scopes_.back().mode == PTO2ScopeMode::AUTO;
    }
    Submitted& submitted(int32_t id) { return submitted_[static_cast<size_t>(id)]; }
    void fail(const std::string& problem);

    RuntimeHost& host_;
    const Options options_;
    Rings rings_;
    TensorMap map_;
    Descriptors descriptors_;
    GrowingArray<Submitted> submitted_{Graph::kMaxTasks};
    std::vector<std::vector<int32_t>> behind_;  // tasks of the graph
    std::vector<Producer> producers_;           // of the task that is being submitted
    std::vector<a2a3_dependency> dependencies_;
    std::vector<int32_t> waited_for_;  // tasks of the graph, by the orchestration
    int32_t waited_at_ = 0;            // how many tasks there were then
    std::vector<uint64_t> places_;     // of the host's tensors on the device, 0 for others
    std::vector<Scope> scopes_;        // that are open
    int32_t scope_count_ = 0;
    bool is_fatal_ = false;
    PTO2Runtime runtime_;
};

}  // namespace a2a3sim
