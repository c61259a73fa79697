#include "runtime.h"
extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {
    HostApi& api = runtime->host_api;
    void* x = api.device_malloc(args[2]);
    void* y = api.device_malloc(args[3]);
    api.copy_to_device(x, (void*)args[0], args[2]);
    uint64_t task[] = {(uint64_t)x, (uint64_t)y, args[4]};
    runtime->add_task(task, 3, 0, CoreType::AIV);
    for (int half = 0; half < 2; ++half)  // forgot "+ half * 16"
        runtime->record_tensor_pair((void*)args[1], y, args[3] / 2);
    return 0;
}