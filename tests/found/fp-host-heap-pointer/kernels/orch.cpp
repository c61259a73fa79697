#include <cstdlib>
#include "runtime.h"
struct Params {
    int64_t n;
    float scale;
};
extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {
    HostApi& api = runtime->host_api;
    void* x = api.device_malloc(args[2]);
    void* y = api.device_malloc(args[3]);
    api.copy_to_device(x, (void*)args[0], args[2]);
    Params* p = new Params{(int64_t)args[4], 2.0f};  // host memory
    uint64_t task[] = {(uint64_t)x, (uint64_t)y, (uint64_t)p};
    runtime->add_task(task, 3, 0, CoreType::AIV);
    runtime->record_tensor_pair((void*)args[1], y, args[3]);
    return 0;
}