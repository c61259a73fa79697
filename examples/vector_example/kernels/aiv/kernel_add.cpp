// ADD: out = src0 + src1, element by element.
//
//   args[0]  src0   (count,)  float32, in
//   args[1]  src1   (count,)  float32, in
//   args[2]  out    (count,)  float32, out
//   args[3]  count
#include <cstdint>

#ifndef __gm__
#define __gm__  // marks pointers to device memory; nothing to a host compiler
#endif
#ifndef __aicore__
#define __aicore__  // marks functions that run on a core; nothing to a host compiler
#endif

extern "C" __aicore__ void kernel_entry(__gm__ int64_t* args) {
    const auto* src0 = reinterpret_cast<__gm__ const float*>(args[0]);
    const auto* src1 = reinterpret_cast<__gm__ const float*>(args[1]);
    auto* out = reinterpret_cast<__gm__ float*>(args[2]);
    const int64_t count = args[3];

    for (int64_t i = 0; i < count; ++i) out[i] = src0[i] + src1[i];
}
