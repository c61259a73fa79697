// A kernel without PTO ISA.
#include <cstdint>

void scalar_code_only(int64_t* args) {
    // z[0] = x[0] + y[0]
    const auto* const x = reinterpret_cast<const float*>(args[0]);
    const auto* const y = reinterpret_cast<const float*>(args[1]);
    auto* const z = reinterpret_cast<float*>(args[2]);
    for (int i = 0; i < 256; ++i) z[i] = x[i] + y[i];
}
