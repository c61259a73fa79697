// Tasks of one kernel, each on its own part of the tensors.
#include "runtime.h"

extern "C" int build_independent_tasks(Runtime* runtime, uint64_t* args, int) {
    HostApi& api = runtime->host_api;
    const int func_id = static_cast<int>(args[3]);
    const uint64_t tasks = args[4];
    const uint64_t size = args[6];
    uint64_t buffers[3];
    for (int i = 0; i < 3; ++i) {
        void* const buffer = api.device_malloc(size);
        if (i < 2) api.copy_to_device(buffer, reinterpret_cast<void*>(args[i]), size);
        buffers[i] = reinterpret_cast<uint64_t>(buffer);
    }
    for (uint64_t task = 0; task < tasks; ++task) {
        const uint64_t offset = task * (size / tasks);
        uint64_t task_args[] = {buffers[0] + offset, buffers[1] + offset, buffers[2] + offset,
                                args[5]};
        runtime->add_task(task_args, 4, func_id, func_id == 0 ? CoreType::AIV : CoreType::AIC);
    }
    runtime->record_tensor_pair(reinterpret_cast<void*>(args[2]),
                                reinterpret_cast<void*>(buffers[2]), size);
    return 0;
}
