// out = a + 3 b over n elements: args[0] a, args[1] b, args[2] out, all float32; args[3] n.
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const auto* const __restrict a = reinterpret_cast<const float*>(args[0]);
    const auto* const __restrict b = reinterpret_cast<const float*>(args[1]);
    auto* const __restrict out = reinterpret_cast<float*>(args[2]);
    const int64_t n = args[3];
    for (int64_t i = 0; i < n; ++i) out[i] = a[i] + 3 * b[i];
}
