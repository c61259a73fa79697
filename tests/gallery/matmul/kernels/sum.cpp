// A tile of the product: c = the sum of its parts.
#include <cstdint>

namespace {
constexpr int64_t kTile = 16, kColumns = 48;
}

extern "C" void kernel_entry(int64_t* args) {
    const float* const parts = reinterpret_cast<const float*>(args[0]);  // count x kTile x kTile
    float* const c = reinterpret_cast<float*>(args[1]);                  // kTile x kTile of c
    const int64_t count = args[2];
    for (int64_t row = 0; row < kTile; ++row) {
        for (int64_t column = 0; column < kTile; ++column) {
            float sum = 0;
            for (int64_t part = 0; part < count; ++part) {
                sum += parts[(part * kTile + row) * kTile + column];
            }
            c[row * kColumns + column] = sum;
        }
    }
}
