// Builds the task graph of f = (a + b + x) * (a + b + y), a diamond of four tasks:
//
//   t0: c = a + b   ->  t1, t2
//   t1: d = c + x   ->  t3
//   t2: e = c + y   ->  t3
//   t3: f = d * e
#include <array>
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "runtime.h"

namespace {

/// func_id of each kernel in kernel_config.py.
enum FuncId : int { kAdd = 0, kAddScalar = 1, kMul = 2 };

/// Where each entry of generate_inputs() arrives.
enum Arg : int { kA, kB, kF, kABytes, kBBytes, kFBytes, kCount, kX, kY, kArgCount };

void* host_ptr(uint64_t arg) { return reinterpret_cast<void*>(arg); }
uint64_t arg(void* dev_ptr) { return reinterpret_cast<uint64_t>(dev_ptr); }

}  // namespace

/// Returns 0, or -1 after logging why there is no graph.
extern "C" int build_vector_example_graph(Runtime* runtime, uint64_t* args, int arg_count) {
    if (arg_count != kArgCount) {
        LOG_ERROR("expected %d arguments, got %d", static_cast<int>(kArgCount), arg_count);
        return -1;
    }
    const uint64_t count = args[kCount];
    const uint64_t x_bits = args[kX];  // a c_float arrives as its 32 bits, which is what ADDS takes
    const uint64_t y_bits = args[kY];
    printf("=== build_vector_example_graph: f = (a + b + x) * (a + b + y) ===\n");
    printf("count=%" PRIu64 "\n", count);

    const size_t bytes = count * sizeof(float);
    if (args[kABytes] != bytes || args[kBBytes] != bytes || args[kFBytes] != bytes) {
        LOG_ERROR("a, b and f must have %zu bytes each", bytes);
        return -1;
    }

    // Device memory of all six vectors. The graph uses it later: it is freed here only on failure.
    const HostApi& api = runtime->host_api;
    std::array<void*, 6> vectors{};
    const auto& [a, b, c, d, e, f] = vectors;
    const auto give_up = [&] {
        for (void* vector : vectors) {
            if (vector != nullptr) api.device_free(vector);
        }
        return -1;
    };
    for (void*& vector : vectors) {
        vector = api.device_malloc(bytes);
        if (vector == nullptr) {
            LOG_ERROR("device_malloc of %zu bytes failed", bytes);
            return give_up();
        }
    }
    if (api.copy_to_device(a, host_ptr(args[kA]), bytes) != 0 ||
        api.copy_to_device(b, host_ptr(args[kB]), bytes) != 0) {
        LOG_ERROR("copy_to_device of %zu bytes failed", bytes);
        return give_up();
    }

    uint64_t c_args[] = {arg(a), arg(b), arg(c), count};
    uint64_t d_args[] = {arg(c), x_bits, arg(d), count};
    uint64_t e_args[] = {arg(c), y_bits, arg(e), count};
    uint64_t f_args[] = {arg(d), arg(e), arg(f), count};
    const int t0 = runtime->add_task(c_args, 4, kAdd, CoreType::AIV);
    const int t1 = runtime->add_task(d_args, 4, kAddScalar, CoreType::AIV);
    const int t2 = runtime->add_task(e_args, 4, kAddScalar, CoreType::AIV);
    const int t3 = runtime->add_task(f_args, 4, kMul, CoreType::AIV);
    if (t0 < 0 || t1 < 0 || t2 < 0 || t3 < 0) {
        LOG_ERROR("add_task failed");
        return give_up();
    }
    runtime->add_successor(t0, t1);
    runtime->add_successor(t0, t2);
    runtime->add_successor(t1, t3);
    runtime->add_successor(t2, t3);

    // f travels to the host after the graph has run.
    runtime->record_tensor_pair(host_ptr(args[kF]), f, bytes);

    printf("Created %d tasks\n", runtime->get_task_count());
    return 0;
}
