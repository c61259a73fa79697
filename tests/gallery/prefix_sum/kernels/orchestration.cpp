// SCAN of each block, then CARRY over their totals, then ADD in each block.
#include <cstddef>
#include <cstdint>

#include "runtime.h"

namespace {

constexpr uint64_t kBlocks = 8, kBlock = 32;

uint64_t at(void* memory, uint64_t element) {
    return reinterpret_cast<uint64_t>(static_cast<int32_t*>(memory) + element);
}

}  // namespace

extern "C" int build_prefix_sum_graph(Runtime* runtime, uint64_t* args, int) {
    const HostApi& api = runtime->host_api;
    void* const host_x = reinterpret_cast<void*>(args[0]);
    void* const host_sum = reinterpret_cast<void*>(args[1]);
    void* const x = api.device_malloc(args[2]);
    void* const local = api.device_malloc(args[2]);
    void* const sum = api.device_malloc(args[3]);
    void* const totals = api.device_malloc(kBlocks * sizeof(int32_t));
    void* const carries = api.device_malloc(kBlocks * sizeof(int32_t));
    if (api.copy_to_device(x, host_x, args[2]) != 0) return -1;
    uint64_t carry_args[] = {at(totals, 0), at(carries, 0), kBlocks};
    const int carry = runtime->add_task(carry_args, 3, 1, CoreType::AIV);
    for (uint64_t block = 0; block < kBlocks; ++block) {
        const uint64_t first = block * kBlock;
        uint64_t scan_args[] = {at(x, first), at(local, first), at(totals, block), kBlock};
        uint64_t add_args[] = {at(local, first), at(carries, block), at(sum, first), kBlock};
        const int scan = runtime->add_task(scan_args, 4, 0, CoreType::AIV);
        const int add = runtime->add_task(add_args, 4, 2, CoreType::AIV);
        runtime->add_successor(scan, carry);
        runtime->add_successor(carry, add);
    }
    runtime->record_tensor_pair(host_sum, sum, args[3]);
    return 0;
}
