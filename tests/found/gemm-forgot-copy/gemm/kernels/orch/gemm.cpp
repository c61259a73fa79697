#include <algorithm>
#include "runtime.h"
extern "C" int build_gemm(Runtime* runtime, uint64_t* args, int arg_count) {
    if (arg_count != 11) {
        LOG_ERROR("expected 11 args, got %d", arg_count);
        return -1;
    }
    const int64_t* cfg = reinterpret_cast<const int64_t*>(args[4]);
    const int64_t m = cfg[0], n = cfg[1], k = cfg[2], t = cfg[3];
    auto& api = runtime->host_api;
    float* d[4];
    for (int i = 0; i < 4; ++i) d[i] = (float*)api.device_malloc(args[5 + i]);
    for (int i = 0; i < 2; ++i) api.copy_to_device(d[i], (void*)args[i], args[5 + i]);
    float *a = d[0], *b = d[1], *bias = d[2], *c = d[3];
    for (int64_t i = 0; i < m; i += t)
        for (int64_t j = 0; j < n; j += t) {
            const int64_t tm = std::min(t, m - i), tn = std::min(t, n - j);
            float* acc = (float*)api.device_malloc(tm * tn * sizeof(float));
            int prev = -1;
            for (int64_t l = 0; l < k; l += t) {
                const int64_t tk = std::min(t, k - l);
                uint64_t x[] = {(uint64_t)(a + i * k + l),
                                (uint64_t)(b + l * n + j),
                                (uint64_t)acc,
                                (uint64_t)tm,
                                (uint64_t)tn,
                                (uint64_t)tk,
                                (uint64_t)k,
                                (uint64_t)n,
                                (uint64_t)(l == 0)};
                int task = runtime->add_task(x, 9, 0, CoreType::AIC);
                if (prev >= 0) runtime->add_successor(prev, task);
                prev = task;
            }
            uint64_t y[] = {(uint64_t)acc, (uint64_t)(bias + j), (uint64_t)(c + i * n + j),
                            (uint64_t)tm,  (uint64_t)tn,         (uint64_t)n};
            int last = runtime->add_task(y, 6, 1, CoreType::AIV);
            runtime->add_successor(prev, last);
        }
    runtime->record_tensor_pair((void*)args[3], c, args[8]);
    return 0;
}
