// UP: adds one block to the running softmax of a sequence, and normalises after the last block.
//
// A block hands over, per head, the maximum m, the sum l and the output row o of its own softmax,
// none of them normalised. Two partial results combine once both refer to the same maximum:
//
//   m' = max(m_acc, m),  a = exp(m_acc - m'),  b = exp(m - m')
//   l' = a * l_acc + b * l,  o' = a * o_acc + b * o
//
//   args[0]   m      (num_heads,)           float32, in: this block
//   args[1]   l      (num_heads,)           float32, in: this block
//   args[2]   o      (num_heads, head_dim)  float32, in: this block
//   args[3]   m_acc  (num_heads,)           float32, in/out; not read on the first block
//   args[4]   l_acc  (num_heads,)           float32, in/out; not read on the first block
//   args[5]   o_acc  (num_heads, head_dim)  float32, in/out; not read on the first block
//   args[6]   is_first                      0 or 1
//   args[7]   is_last                       0 or 1
//   args[8]   out    (num_heads, head_dim)  float32, out; written on the last block only
//   args[9]   num_heads
//   args[10]  head_dim
#include <cstdint>

#include "vector_math.h"

namespace {

/// y = x over n elements.
void copy(const float* __restrict x, float* __restrict y, int64_t n) {
    for (int64_t i = 0; i < n; ++i) y[i] = x[i];
}

/// y = a * y + b * x over n elements.
void blend(float a, float* __restrict y, float b, const float* __restrict x, int64_t n) {
    for (int64_t i = 0; i < n; ++i) y[i] = a * y[i] + b * x[i];
}

/// y = a * x over n elements.
void scale(float a, const float* __restrict x, float* __restrict y, int64_t n) {
    for (int64_t i = 0; i < n; ++i) y[i] = a * x[i];
}

}  // namespace

extern "C" void aiv_online_update(int64_t* args) {
    const auto* m = reinterpret_cast<const float*>(args[0]);
    const auto* l = reinterpret_cast<const float*>(args[1]);
    const auto* o = reinterpret_cast<const float*>(args[2]);
    auto* m_acc = reinterpret_cast<float*>(args[3]);
    auto* l_acc = reinterpret_cast<float*>(args[4]);
    auto* o_acc = reinterpret_cast<float*>(args[5]);
    const bool is_first = args[6] != 0;
    const bool is_last = args[7] != 0;
    auto* out = reinterpret_cast<float*>(args[8]);
    const int64_t num_heads = args[9];
    const int64_t head_dim = args[10];

    if (is_first) {
        copy(m, m_acc, num_heads);
        copy(l, l_acc, num_heads);
        copy(o, o_acc, num_heads * head_dim);
    } else {
        for (int64_t h = 0; h < num_heads; ++h) {
            const float m_new = larger(m_acc[h], m[h]);
            const float a = exp_nonpositive(m_acc[h] - m_new);
            const float b = exp_nonpositive(m[h] - m_new);
            m_acc[h] = m_new;
            l_acc[h] = a * l_acc[h] + b * l[h];
            blend(a, o_acc + h * head_dim, b, o + h * head_dim, head_dim);
        }
    }

    if (is_last) {
        for (int64_t h = 0; h < num_heads; ++h) {
            scale(1.0f / l_acc[h], o_acc + h * head_dim, out + h * head_dim, head_dim);
        }
    }
}
