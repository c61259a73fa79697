// Builds one of the benchmark's graphs with the runtime's own calls.
#include "graphs.h"
#include "runtime.h"

extern "C" int build_benchmark_graph(Runtime* runtime, uint64_t* args, int) {
    const benchmark::Shape shape{reinterpret_cast<const char*>(args[0]), static_cast<int>(args[1]),
                                 static_cast<int>(args[2])};
    const uint64_t iterations = args[3];
    int next = 0;
    benchmark::describe(shape, [&](int core_type, const int* predecessors, int count) {
        uint64_t task_args[benchmark::kArgs];
        benchmark::fill_args(task_args, iterations, next++);
        const int task = runtime->add_task(task_args, benchmark::kArgs, core_type,
                                           static_cast<CoreType>(core_type));
        for (int i = 0; i < count; ++i) runtime->add_successor(predecessors[i], task);
    });
    void* const out = runtime->host_api.device_malloc(8);
    runtime->host_api.copy_to_device(out, reinterpret_cast<void*>(args[4]), 8);
    runtime->record_tensor_pair(reinterpret_cast<void*>(args[4]), out, 8);
    return 0;
}
