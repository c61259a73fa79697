#include <algorithm>
#include <vector>
#include "runtime.h"
enum { X, PREFIX, TOTAL, MEAN, N, BLOCK, COUNT };
extern "C" int build_cumsum(Runtime* runtime, uint64_t* args, int arg_count) {
    if (arg_count != COUNT) {
        LOG_ERROR("expected %d args, got %d", COUNT, arg_count);
        return -1;
    }
    const int64_t n = args[N], block = args[BLOCK], blocks = (n + block - 1) / block;
    auto& api = runtime->host_api;
    auto* x = (int32_t*)api.device_malloc(n * 4);
    auto* y = (int32_t*)api.device_malloc(n * 4);
    auto* sums = (int32_t*)api.device_malloc(blocks * 4);
    auto* total = (int32_t*)api.device_malloc(4);
    auto* mean = (float*)api.device_malloc(4);
    api.copy_to_device((void*)args[X], x, n * 4);
    std::vector<int> scans;
    for (int64_t i = 0; i < blocks; ++i) {
        uint64_t a[] = {(uint64_t)(x + i * block), (uint64_t)(y + i * block), (uint64_t)(sums + i),
                        (uint64_t)std::min(block, n - i * block)};
        scans.push_back(runtime->add_task(a, 4, 10, CoreType::AIV));
    }
    for (int64_t i = 1; i < blocks; ++i) {
        uint64_t a[] = {(uint64_t)(y + i * block), (uint64_t)sums, (uint64_t)i,
                        (uint64_t)std::min(block, n - i * block)};
        int t = runtime->add_task(a, 4, 11, CoreType::AIV);
        for (int64_t j = 0; j <= i; ++j) runtime->add_successor(scans[j], t);
    }
    uint64_t s[] = {(uint64_t)sums, (uint64_t)total, (uint64_t)mean, (uint64_t)blocks, (uint64_t)n};
    int t = runtime->add_task(s, 5, 12, CoreType::AIV);
    for (int scan : scans) runtime->add_successor(scan, t);
    runtime->record_tensor_pair((void*)args[PREFIX], y, n * 4);
    runtime->record_tensor_pair((void*)args[TOTAL], total, 4);
    runtime->record_tensor_pair((void*)args[MEAN], mean, 4);
    return 0;
}
