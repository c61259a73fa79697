// What an orchestration sees of the simulated device: device memory, tasks, edges, outputs.
//
// Every call goes through a table of functions that the engine fills in, so that an
// orchestration links against nothing and has no undefined symbols.
#ifndef A2A3SIM_RUNTIME_H_
#define A2A3SIM_RUNTIME_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <atomic>
#include <initializer_list>
#include <type_traits>

#include "common/core_type.h"
#include "common/unified_log.h"

/// Arguments a task can have: the size of a task descriptor's argument area on the device.
#ifndef RUNTIME_MAX_ARGS
#define RUNTIME_MAX_ARGS 16
#endif

/// Runtime has describe(), which the PTO runtime's own class has not.
#define A2A3SIM_HAS_DESCRIBE 1

struct HostApi {
    /// Uninitialised device memory, or nullptr when the device is full.
    void* (*device_malloc)(size_t size);
    void (*device_free)(void* dev_ptr);
    /// 0 on success.
    int (*copy_to_device)(void* dev_ptr, const void* host_ptr, size_t size);
    /// 0 on success.
    int (*copy_from_device)(void* host_ptr, const void* dev_ptr, size_t size);
};

/// An output: `size` bytes are copied from dev_ptr to host_ptr after the graph has run.
struct TensorPair {
    void* host_ptr;
    void* dev_ptr;
    size_t size;
};

/// A view of one task. Changes to func_id, args, num_args and core_type take effect when the
/// orchestration returns; fanin, fanout and fanout_count show the graph as of get_task().
struct Task {
    int task_id;
    int func_id;
    uint64_t args[RUNTIME_MAX_ARGS];
    int num_args;
    CoreType core_type;
    std::atomic<int> fanin;  // number of predecessors
    const int* fanout;       // ids of the successors
    int fanout_count;
};

class Runtime;

namespace a2a3sim {

struct RuntimeOps {
    int (*add_task)(void* state, const uint64_t* args, int num_args, int func_id, int core_type);
    void (*add_successor)(void* state, int from_task, int to_task);
    Task* (*get_task)(void* state, int task_id);
    int (*get_task_count)(const void* state);
    int (*get_initial_ready_tasks)(const void* state, int* ready_tasks);
    void (*print_runtime)(const void* state);
    void (*record_tensor_pair)(void* state, void* host_ptr, void* dev_ptr, size_t size);
    TensorPair* (*get_tensor_pairs)(void* state);
    int (*get_tensor_pair_count)(const void* state);
    void (*clear_tensor_pairs)(void* state);
    void (*describe)(void* state, const void* dev_ptr, const char* name, const char* dtype,
                     const int64_t* shape, int ndim);
};

/// The length of an axis, from an int of any type.
struct Extent {
    template <typename T, typename = std::enable_if_t<std::is_integral<T>::value>>
    Extent(T length) : value(static_cast<int64_t>(length)) {}

    int64_t value;
};

}  // namespace a2a3sim

class Runtime {
  public:
    Runtime(const HostApi& api, const a2a3sim::RuntimeOps& ops, void* state)
        : host_api(api), ops_(&ops), state_(state) {}
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    HostApi host_api;

    /// The new task's id, or -1 (which fails the run) for more than RUNTIME_MAX_ARGS arguments.
    int add_task(uint64_t* args, int num_args, int func_id, CoreType core_type = CoreType::AIC) {
        return ops_->add_task(state_, args, num_args, func_id, static_cast<int>(core_type));
    }

    /// to_task starts only after from_task has finished. Unknown ids fail the run.
    void add_successor(int from_task, int to_task) {
        ops_->add_successor(state_, from_task, to_task);
    }

    /// nullptr for an unknown id.
    Task* get_task(int task_id) { return ops_->get_task(state_, task_id); }

    int get_task_count() const { return ops_->get_task_count(state_); }

    /// The number of tasks without predecessors; their ids go to ready_tasks unless it is nullptr.
    int get_initial_ready_tasks(int* ready_tasks) {
        return ops_->get_initial_ready_tasks(state_, ready_tasks);
    }

    /// Writes tasks and edges to stdout.
    void print_runtime() const { ops_->print_runtime(state_); }

    /// Copies size bytes from dev_ptr to host_ptr once the graph has run.
    void record_tensor_pair(void* host_ptr, void* dev_ptr, size_t size) {
        ops_->record_tensor_pair(state_, host_ptr, dev_ptr, size);
    }

    TensorPair* get_tensor_pairs() { return ops_->get_tensor_pairs(state_); }

    int get_tensor_pair_count() const { return ops_->get_tensor_pair_count(state_); }

    void clear_tensor_pairs() { ops_->clear_tensor_pairs(state_); }

    /// Says what device memory from dev_ptr on holds while the graph runs, for --sim-dump and for
    /// the intermediates of compute_golden: describe(s, "scores", "float32", {heads, tokens}).
    /// `dtype` is NumPy's name or ml_dtypes'. Several ranges may have one name. Only this project
    /// has it: `#ifdef A2A3SIM_HAS_DESCRIBE`.
    void describe(const void* dev_ptr, const char* name, const char* dtype,
                  std::initializer_list<a2a3sim::Extent> shape) {
        static_assert(sizeof(a2a3sim::Extent) == sizeof(int64_t),
                      "an array of them is one of ints");
        describe(dev_ptr, name, dtype, reinterpret_cast<const int64_t*>(shape.begin()),
                 static_cast<int>(shape.size()));
    }

    void describe(const void* dev_ptr, const char* name, const char* dtype, const int64_t* shape,
                  int ndim) {
        ops_->describe(state_, dev_ptr, name, dtype, shape, ndim);
    }

  private:
    const a2a3sim::RuntimeOps* ops_;
    void* state_;
};

#endif  // A2A3SIM_RUNTIME_H_
