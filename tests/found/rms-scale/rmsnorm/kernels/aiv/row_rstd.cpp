#include <bit>
#include <cmath>
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const _Float16* x = reinterpret_cast<const _Float16*>(args[0]);
    float* rstd = reinterpret_cast<float*>(args[1]);
    const int64_t rows = args[2], cols = args[3];
    const float eps = std::bit_cast<float>(static_cast<uint32_t>(args[4]));
    for (int64_t r = 0; r < rows; ++r) {
        float sum = 0;
        for (int64_t c = 0; c < cols; ++c) {
            float v = x[r * cols + c];
            sum += v * v;
        }
        rstd[r] = 1.0f / std::sqrt(sum / rows + eps);
    }
}
