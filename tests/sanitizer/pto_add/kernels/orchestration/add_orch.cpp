#include "runtime.h"

extern "C" int build_add_graph(Runtime* runtime, uint64_t* args, int) {
    const HostApi& api = runtime->host_api;
    uint64_t task_args[3];
    for (int i = 0; i < 3; ++i) {
        void* const host = reinterpret_cast<void*>(args[i]);
        void* const device = api.device_malloc(args[3 + i]);
        if (device == nullptr) return -1;
        if (i < 2 && api.copy_to_device(device, host, args[3 + i]) != 0) return -1;
        if (i == 2) runtime->record_tensor_pair(host, device, args[3 + i]);
        task_args[i] = reinterpret_cast<uint64_t>(device);
    }
    return runtime->add_task(task_args, 3, 0, CoreType::AIV) < 0 ? -1 : 0;
}
