// Builds the graph that the host tensors describe.
//
//   args[0]   begins      (buffers + 1,)  int64: each buffer's first byte in `initial`, and its
//   size args[1]   core_types  (tasks,)        int64: 0 AIC, 1 AIV args[2]   steps       (steps, 5)
//   int64: task, means, write, read, size; write and read are
//                                         bytes of `initial`, or -1; a task's steps are in order
//   args[3]   edges       (edges, 2)      int64
//   args[4]   initial     (bytes,)        uint8: what the buffers hold at first
//   args[5]   out_memory  (bytes,)        uint8: what they hold at the end
//   args[6:]  the sizes of these in bytes
#include <algorithm>
#include <vector>

#include "runtime.h"
#include "step.h"

extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {
    constexpr size_t kWord = sizeof(int64_t);
    HostApi& api = runtime->host_api;
    const auto* const begins = reinterpret_cast<const int64_t*>(args[0]);
    const auto* const core_types = reinterpret_cast<const int64_t*>(args[1]);
    const auto* const steps = reinterpret_cast<const int64_t (*)[5]>(args[2]);
    const auto* const edges = reinterpret_cast<const int64_t (*)[2]>(args[3]);
    auto* const initial = reinterpret_cast<uint8_t*>(args[4]);
    auto* const out_memory = reinterpret_cast<uint8_t*>(args[5]);
    const size_t buffer_count = args[6] / kWord - 1;
    const size_t task_count = args[7] / kWord;
    const size_t step_count = args[8] / sizeof *steps;
    const size_t edge_count = args[9] / sizeof *edges;

    std::vector<uint8_t*> buffers;
    for (size_t i = 0; i < buffer_count; ++i) {
        const auto size = static_cast<size_t>(begins[i + 1] - begins[i]);
        buffers.push_back(static_cast<uint8_t*>(api.device_malloc(size)));
        api.copy_to_device(buffers[i], initial + begins[i], size);
        runtime->record_tensor_pair(out_memory + begins[i], buffers[i], size);
    }
    const auto address = [&](int64_t byte) -> uint8_t* {
        if (byte < 0) return nullptr;
        const auto* const after = std::upper_bound(begins, begins + buffer_count, byte);
        return buffers[static_cast<size_t>(after - begins - 1)] + (byte - after[-1]);
    };

    std::vector<Step> program;
    std::vector<size_t> lengths(task_count);
    for (size_t i = 0; i < step_count; ++i) {
        const auto& [task, means, write, read, size] = steps[i];
        program.push_back(Step{static_cast<Means>(means), address(write), address(read),
                               static_cast<size_t>(size)});
        ++lengths[static_cast<size_t>(task)];
    }
    const size_t program_size = program.size() * sizeof(Step);
    const auto* next = static_cast<Step*>(api.device_malloc(program_size));
    api.copy_to_device(const_cast<Step*>(next), program.data(), program_size);

    for (size_t task = 0; task < task_count; ++task) {
        const uint64_t fill = 16 * (task % 15 + 1);
        uint64_t task_args[] = {reinterpret_cast<uint64_t>(next), lengths[task], fill};
        const auto core_type = static_cast<int>(core_types[task]);
        runtime->add_task(task_args, 3, core_type, static_cast<CoreType>(core_type));
        next += lengths[task];
    }
    for (size_t i = 0; i < edge_count; ++i) {
        runtime->add_successor(static_cast<int>(edges[i][0]), static_cast<int>(edges[i][1]));
    }
    return 0;
}
