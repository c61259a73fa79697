#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
#pragma omp parallel for num_threads(4)
    for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
}
