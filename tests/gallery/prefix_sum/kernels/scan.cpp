// The prefix sums of a block, and its total.
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const int32_t* const x = reinterpret_cast<const int32_t*>(args[0]);
    int32_t* const local = reinterpret_cast<int32_t*>(args[1]);
    int32_t* const total = reinterpret_cast<int32_t*>(args[2]);
    const int64_t count = args[3];
    int32_t sum = 0;
    for (int64_t i = 0; i < count; ++i) {
        sum += x[i];
        local[i] = sum;
    }
    *total = sum;
}
