// By row: scale = 1 / sqrt(mean(x * x) + epsilon).
#include <cmath>
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const _Float16* const x = reinterpret_cast<const _Float16*>(args[0]);
    float* const scale = reinterpret_cast<float*>(args[1]);
    const int64_t rows = args[2], columns = args[3];
    for (int64_t row = 0; row < rows; ++row) {
        float sum = 0;
        for (int64_t column = 0; column < columns; ++column) {
            const float value = static_cast<float>(x[row * columns + column]);
            sum += value * value;
        }
        scale[row] = 1 / std::sqrt(sum / static_cast<float>(columns) + 0.25f);
    }
}
