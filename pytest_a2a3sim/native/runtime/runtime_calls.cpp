// The functions behind include/host_build_graph/runtime.h.
#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/failure.h"
#include "runtime/host_pointers.h"
#include "runtime/runtime_host.h"

namespace a2a3sim {

namespace {

// include/ is the contract with users, engine_api.h that with Python: what stands in both agrees.
static_assert(RUNTIME_MAX_ARGS == A2A3_MOST_ARGS);
static_assert(static_cast<int>(CoreType::AIC) == A2A3_CORE_AIC);
static_assert(static_cast<int>(CoreType::AIV) == A2A3_CORE_AIV);

RuntimeHost* current_host = nullptr;

}  // namespace

/// The functions behind HostApi and RuntimeOps.
struct RuntimeCalls {
    static RuntimeHost& host(void* state) {
        RuntimeHost& self = *static_cast<RuntimeHost*>(state);
        self.count_call();
        return self;
    }
    static const RuntimeHost& host(const void* state) {
        return *static_cast<const RuntimeHost*>(state);
    }

    static void* device_malloc(size_t size) {
        return host(current_host).allocate(size, __builtin_return_address(0));
    }

    static void device_free(void* address) { host(current_host).free(address); }

    static int copy_to_device(void* dev, const void* from, size_t size) {
        return host(current_host).copy(true, dev, from, size);
    }

    static int copy_from_device(void* to, const void* dev, size_t size) {
        return host(current_host).copy(false, dev, to, size);
    }

    static int add_task(void* state, const uint64_t* args, int num_args, int func_id,
                        int core_type) {
        return host(state).add_task(args, num_args, func_id, static_cast<CoreType>(core_type),
                                    __builtin_return_address(0));
    }

    static void add_successor(void* state, int from, int to) {
        host(state).add_successor("add_successor", from, to);
    }

    static Task* get_task(void* state, int id) {
        RuntimeHost& self = host(state);
        return self.graph_.has_task(id) ? self.graph_.view(id) : nullptr;
    }

    static int get_task_count(const void* state) { return host(state).graph_.task_count(); }

    static int get_initial_ready_tasks(const void* state, int* ready) {
        return host(state).graph_.initial_ready_tasks(ready);
    }

    static void print_runtime(const void* state) {
        constexpr int kShown = 64;
        const GraphBuilder& graph = host(state).graph_;
        std::printf("Runtime: %d tasks, %lld edges, %d initially ready\n", graph.task_count(),
                    static_cast<long long>(graph.edge_count()), graph.initial_ready_tasks(nullptr));
        for (int id = 0; id < std::min(graph.task_count(), kShown); ++id) {
            const TaskNode& task = graph.task(id);
            std::printf("  task %d: func_id=%d %s fanin=%d fanout=[", id, graph.func_id(id),
                        core_type_to_string(task.core_type()), task.fanin);
            const char* separator = "";
            for (const int successor : graph.successors(id)) {
                std::printf("%s%d", separator, successor);
                separator = ", ";
            }
            std::printf("]\n");
        }
        if (graph.task_count() > kShown) {
            std::printf("  ... and %d tasks more\n", graph.task_count() - kShown);
        }
    }

    static void record_tensor_pair(void* state, void* to, void* dev, size_t size) {
        RuntimeHost& self = host(state);
        std::string problem = self.memory_.check_range(dev, size);
        if (problem.empty()) {
            problem = check_host_range(self.window_, self.tensors_, to, size, true);
        }
        if (!problem.empty()) {
            problem =
                if_swapped(self.memory_, self.tensors_, {dev, to, "(host, dev, size)"}, problem);
            self.note(A2A3_FAILURE_ORCHESTRATION, "record_tensor_pair: " + problem);
            return;
        }
        self.pairs_.push_back(TensorPair{to, dev, size});
    }

    static TensorPair* get_tensor_pairs(void* state) { return host(state).pairs_.data(); }

    static int get_tensor_pair_count(const void* state) {
        return static_cast<int>(host(state).pairs_.size());
    }

    static void clear_tensor_pairs(void* state) { host(state).pairs_.clear(); }

    static void describe(void* state, const void* dev, const char* name, const char* dtype,
                         const int64_t* shape, int ndim) {
        RuntimeHost& self = host(state);
        const std::string problem =
            self.descriptions_.add(self.memory_, dev, name, dtype, shape, ndim);
        if (!problem.empty()) self.note(A2A3_FAILURE_ORCHESTRATION, "describe" + problem);
    }

    static constexpr HostApi kHostApi{device_malloc, device_free, copy_to_device, copy_from_device};
    static constexpr RuntimeOps kRuntimeOps{add_task,
                                            add_successor,
                                            get_task,
                                            get_task_count,
                                            get_initial_ready_tasks,
                                            print_runtime,
                                            record_tensor_pair,
                                            get_tensor_pairs,
                                            get_tensor_pair_count,
                                            clear_tensor_pairs,
                                            describe};
};

RuntimeHost::RuntimeHost(const HostWindow& window, const std::vector<HostTensor>& tensors,
                         const KernelTable& kernels, DeviceMemory::Options memory, Control& control,
                         SharedTable<DeviceBuffer>& buffers, const KeptMemory* kept)
    : window_(window),
      tensors_(tensors),
      control_(control),
      memory_(std::move(memory), buffers),
      graph_(kernels, kept),
      runtime_(RuntimeCalls::kHostApi, RuntimeCalls::kRuntimeOps, this) {
    current_host = this;
}

RuntimeHost::~RuntimeHost() { current_host = nullptr; }

}  // namespace a2a3sim
