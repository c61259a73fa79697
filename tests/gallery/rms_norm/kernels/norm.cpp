// By row: y = x * scale * gamma.
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const _Float16* const x = reinterpret_cast<const _Float16*>(args[0]);
    const float* const scale = reinterpret_cast<const float*>(args[1]);
    const _Float16* const gamma = reinterpret_cast<const _Float16*>(args[2]);
    _Float16* const y = reinterpret_cast<_Float16*>(args[3]);
    const int64_t rows = args[4], columns = args[5];
    for (int64_t row = 0; row < rows; ++row) {
        for (int64_t column = 0; column < columns; ++column) {
            const float normal = static_cast<float>(x[row * columns + column]) * scale[row];
            const float value = normal * static_cast<float>(gamma[column]);
            y[row * columns + column] = static_cast<_Float16>(value);
        }
    }
}
