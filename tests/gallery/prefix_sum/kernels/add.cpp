// A block of the result: its own prefix sums, and what comes before it.
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const int32_t* const local = reinterpret_cast<const int32_t*>(args[0]);
    const int32_t* const carry = reinterpret_cast<const int32_t*>(args[1]);
    int32_t* const sum = reinterpret_cast<int32_t*>(args[2]);
    const int64_t count = args[3];
    for (int64_t i = 0; i < count; ++i) {
        sum[i] = local[i] + *carry;
    }
}
