// A block of rows: SCALE, then NORM.
#include <cstddef>
#include <cstdint>

#include "runtime.h"

namespace {

constexpr uint64_t kRows = 24, kColumns = 64, kBlock = 8;

uint64_t at(void* memory, size_t bytes) {
    return reinterpret_cast<uint64_t>(static_cast<char*>(memory) + bytes);
}

}  // namespace

extern "C" int build_rms_norm_graph(Runtime* runtime, uint64_t* args, int) {
    const HostApi& api = runtime->host_api;
    void* const host_x = reinterpret_cast<void*>(args[0]);
    void* const host_gamma = reinterpret_cast<void*>(args[1]);
    void* const host_y = reinterpret_cast<void*>(args[2]);
    void* const x = api.device_malloc(args[3]);
    void* const gamma = api.device_malloc(args[4]);
    void* const y = api.device_malloc(args[5]);
    void* const scale = api.device_malloc(kRows * sizeof(float));
    api.copy_to_device(x, host_x, args[3]);
    api.copy_to_device(gamma, host_gamma, args[4]);
    for (uint64_t row = 0; row < kRows; row += kBlock) {
        const size_t offset = row * kColumns * sizeof(uint16_t);
        uint64_t scale_args[] = {at(x, offset), at(scale, row * sizeof(float)), kBlock, kColumns};
        uint64_t norm_args[] = {at(x, offset), at(scale, row * sizeof(float)),
                                at(gamma, 0),  at(y, offset),
                                kBlock,        kColumns};
        const int scaling = runtime->add_task(scale_args, 4, 0, CoreType::AIV);
        const int norm = runtime->add_task(norm_args, 6, 1, CoreType::AIV);
        runtime->add_successor(scaling, norm);
    }
    runtime->record_tensor_pair(host_y, y, args[5]);
    return 0;
}
