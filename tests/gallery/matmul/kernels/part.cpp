// A tile of a part of the product: part = a[:, first:first + count] @ b[first:first + count, :].
#include <cstdint>

namespace {
constexpr int64_t kTile = 16, kInner = 64, kColumns = 48;
}

extern "C" void kernel_entry(int64_t* args) {
    const float* const a = reinterpret_cast<const float*>(args[0]);  // kTile rows of a
    const float* const b = reinterpret_cast<const float*>(args[1]);  // kTile columns of b
    float* const part = reinterpret_cast<float*>(args[2]);           // kTile x kTile
    const int64_t first = args[3], count = args[4];
    for (int64_t row = 0; row < kTile; ++row) {
        for (int64_t column = 0; column < kTile; ++column) {
            float sum = 0;
            for (int64_t k = first; k < first + count; ++k) {
                sum += a[row * kInner + k] * b[k * kColumns + column];
            }
            part[row * kTile + column] = sum;
        }
    }
}
