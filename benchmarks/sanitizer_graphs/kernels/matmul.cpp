// out = a @ b: args[0] a, args[1] b, args[2] out, (n, n) float32 each; args[3] n.
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const auto* const __restrict a = reinterpret_cast<const float*>(args[0]);
    const auto* const __restrict b = reinterpret_cast<const float*>(args[1]);
    auto* const __restrict out = reinterpret_cast<float*>(args[2]);
    const int64_t n = args[3];
    for (int64_t row = 0; row < n; ++row) {
        for (int64_t column = 0; column < n; ++column) {
            float sum = 0;
            for (int64_t k = 0; k < n; ++k) sum += a[row * n + k] * b[k * n + column];
            out[row * n + column] = sum;
        }
    }
}
