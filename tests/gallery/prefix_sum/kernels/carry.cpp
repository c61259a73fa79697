// By block: the sum of the totals of those before it.
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const int32_t* const totals = reinterpret_cast<const int32_t*>(args[0]);
    int32_t* const carries = reinterpret_cast<int32_t*>(args[1]);
    const int64_t blocks = args[2];
    int32_t carry = 0;
    for (int64_t block = 0; block < blocks; ++block) {
        carries[block] = carry;
        carry += totals[block];
    }
}
