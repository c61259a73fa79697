// SF: the softmax of one block of scores, before normalisation. For every head:
//
//   m = max(scale * s),  p = exp(scale * s - m),  l = sum(p)
//
//   args[0]  s  (num_heads, tokens)  float32, in
//   args[1]  scale                   the 32 bits of a float32
//   args[2]  p  (num_heads, tokens)  float32, out, in [0, 1]
//   args[3]  m  (num_heads,)         float32, out
//   args[4]  l  (num_heads,)         float32, out, in [1, tokens]
//   args[5]  num_heads
//   args[6]  tokens                  valid tokens in this block, at least 1
#include <bit>
#include <cstdint>

#include "vector_math.h"

namespace {

/// Partial results that a reduction keeps apart. A compiler may not reorder a float reduction, so a
/// single running value stays scalar; the lanes are independent of each other and become SIMD
/// registers. gcc unrolls loops of up to 16 iterations before it vectorises, and a maximum that is
/// unrolled stays scalar: hence 32.
constexpr int64_t kLanes = 32;

/// The largest of n elements, n >= 1.
float row_max(const float* __restrict x, int64_t n) {
    float lane[kLanes];
    for (float& partial : lane) partial = x[0];
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
        for (int64_t l = 0; l < kLanes; ++l) lane[l] = larger(lane[l], x[i + l]);
    }
    float largest = x[0];
    for (; i < n; ++i) largest = larger(largest, x[i]);
    for (float partial : lane) largest = larger(largest, partial);
    return largest;
}

/// The sum of n elements.
float row_sum(const float* __restrict x, int64_t n) {
    float lane[kLanes] = {};
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
        for (int64_t l = 0; l < kLanes; ++l) lane[l] += x[i + l];
    }
    float sum = 0.0f;
    for (; i < n; ++i) sum += x[i];
    for (float partial : lane) sum += partial;
    return sum;
}

/// The softmax of one row of n scores, not normalised: p = exp(scale * s - m). Returns m, the
/// largest scaled score.
float softmax_row(const float* __restrict s, float scale, float* __restrict p, int64_t n) {
    for (int64_t t = 0; t < n; ++t) p[t] = scale * s[t];
    const float m = row_max(p, n);
    for (int64_t t = 0; t < n; ++t) p[t] = exp_nonpositive(p[t] - m);
    return m;
}

}  // namespace

extern "C" void aiv_softmax_prepare(int64_t* args) {
    const auto* s = reinterpret_cast<const float*>(args[0]);
    const auto scale = std::bit_cast<float>(static_cast<uint32_t>(args[1]));
    auto* p = reinterpret_cast<float*>(args[2]);
    auto* m = reinterpret_cast<float*>(args[3]);
    auto* l = reinterpret_cast<float*>(args[4]);
    const int64_t num_heads = args[5];
    const int64_t tokens = args[6];

    for (int64_t h = 0; h < num_heads; ++h) {
        float* p_row = p + h * tokens;
        m[h] = softmax_row(s + h * tokens, scale, p_row, tokens);
        l[h] = row_sum(p_row, tokens);
    }
}
