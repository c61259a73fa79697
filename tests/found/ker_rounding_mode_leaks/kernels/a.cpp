#include <cfenv>
#include <cstdint>
extern "C" void kernel_entry(int64_t* args) {
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    (void)x;
    std::fesetround(FE_UPWARD);
    for (int64_t i = 0; i < args[2]; ++i) y[i] = x[i];
}
