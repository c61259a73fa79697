// A tile of c: PART for each part of K, all before one SUM.
#include <cstddef>
#include <cstdint>

#include "runtime.h"

namespace {

constexpr uint64_t kTile = 16, kRows = 32, kInner = 64, kColumns = 48, kParts = 4;
constexpr uint64_t kCount = kInner / kParts;
constexpr size_t kTileBytes = kTile * kTile * sizeof(float);

uint64_t at(void* memory, uint64_t element) {
    return reinterpret_cast<uint64_t>(static_cast<float*>(memory) + element);
}

}  // namespace

extern "C" int build_matmul_graph(Runtime* runtime, uint64_t* args, int) {
    const HostApi& api = runtime->host_api;
    void* const host_a = reinterpret_cast<void*>(args[0]);
    void* const host_b = reinterpret_cast<void*>(args[1]);
    void* const host_c = reinterpret_cast<void*>(args[2]);
    void* const a = api.device_malloc(args[3]);
    void* const b = api.device_malloc(args[4]);
    void* const c = api.device_malloc(args[5]);
    api.copy_to_device(a, host_a, args[3]);
    api.copy_to_device(b, host_b, args[4]);
    for (uint64_t row = 0; row < kRows; row += kTile) {
        for (uint64_t column = 0; column < kColumns; column += kTile) {
            void* const parts = api.device_malloc(kParts * kTileBytes);
            uint64_t sum_args[] = {at(parts, 0), at(c, row * kColumns + column), kParts};
            const int sum = runtime->add_task(sum_args, 3, 1, CoreType::AIV);
            for (uint64_t k = 0; k < kParts; ++k) {
                uint64_t part_args[] = {at(a, row * kInner), at(b, column),
                                        at(parts, k * kTile * kTile), k * kCount, kCount};
                const int part = runtime->add_task(part_args, 5, 0, CoreType::AIC);
                runtime->add_successor(part, sum);
            }
        }
    }
    runtime->record_tensor_pair(host_c, c, args[5]);
    return 0;
}
