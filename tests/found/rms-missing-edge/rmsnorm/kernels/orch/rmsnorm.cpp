#include <algorithm>
#include "runtime.h"

// args: x w y config | bytes x4 | elements of x
extern "C" int build_rmsnorm(Runtime* runtime, uint64_t* args, int arg_count) {
    if (arg_count != 9) {
        LOG_ERROR("expected 9 args, got %d", arg_count);
        return -1;
    }
    const int64_t* config = reinterpret_cast<const int64_t*>(args[3]);
    const int64_t rows = config[0], cols = config[1], block = config[2], eps = config[3];
    auto& api = runtime->host_api;
    char* x = (char*)api.device_malloc(args[4]);
    char* w = (char*)api.device_malloc(args[5]);
    char* y = (char*)api.device_malloc(args[6]);
    api.copy_to_device(x, (void*)args[0], args[4]);
    api.copy_to_device(w, (void*)args[1], args[5]);
    for (int64_t r = 0; r < rows; r += block) {
        const int64_t n = std::min(block, rows - r);
        float* rstd = (float*)api.device_malloc(n * sizeof(float));
        uint64_t a[] = {(uint64_t)(x + r * cols * 2), (uint64_t)rstd, (uint64_t)n, (uint64_t)cols,
                        (uint64_t)eps};
        uint64_t b[] = {(uint64_t)(x + r * cols * 2), (uint64_t)w, (uint64_t)rstd,
                        (uint64_t)(y + r * cols * 2), (uint64_t)n, (uint64_t)cols};
        int t0 = runtime->add_task(a, 5, 0, CoreType::AIV);
        int t1 = runtime->add_task(b, 6, 1, CoreType::AIV);
    }
    runtime->record_tensor_pair((void*)args[2], y, args[6]);
    return 0;
}
