// ADDS: out = src + scalar, element by element.
//
//   args[0]  src     (count,)  float32, in
//   args[1]  scalar            the 32 bits of a float32
//   args[2]  out     (count,)  float32, out
//   args[3]  count
#include <bit>
#include <cstdint>

#ifndef __gm__
#define __gm__  // marks pointers to device memory; nothing to a host compiler
#endif
#ifndef __aicore__
#define __aicore__  // marks functions that run on a core; nothing to a host compiler
#endif

extern "C" __aicore__ void kernel_entry(__gm__ int64_t* args) {
    const auto* src = reinterpret_cast<__gm__ const float*>(args[0]);
    const auto scalar = std::bit_cast<float>(static_cast<uint32_t>(args[1]));
    auto* out = reinterpret_cast<__gm__ float*>(args[2]);
    const int64_t count = args[3];

    for (int64_t i = 0; i < count; ++i) out[i] = src[i] + scalar;
}
