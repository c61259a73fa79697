// QK: scores of one block of keys for every query head, s = q @ kᵀ.
//
//   args[0]  q  (num_heads, head_dim)            float32, in
//   args[1]  k  (tokens, kv_head_num, head_dim)  float32, in: the block's valid tokens
//   args[2]  s  (num_heads, tokens)              float32, out, not scaled yet
//   args[3]  num_heads    a multiple of kv_head_num
//   args[4]  kv_head_num
//   args[5]  head_dim
//   args[6]  tokens       valid tokens in this block, at least 1
//
// Grouped-query attention: query heads [g * heads_per_kv, (g + 1) * heads_per_kv) share KV head g.
#include <cstdint>

namespace {

/// Partial sums that dot() keeps apart. A compiler may not reorder a float sum, so one running sum
/// stays scalar; the lanes are independent of each other and become SIMD registers.
constexpr int64_t kLanes = 16;

/// sum(a[i] * b[i]) over n elements.
float dot(const float* __restrict a, const float* __restrict b, int64_t n) {
    float lane[kLanes] = {};
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
        for (int64_t l = 0; l < kLanes; ++l) lane[l] += a[i + l] * b[i + l];
    }
    float sum = 0.0f;
    for (; i < n; ++i) sum += a[i] * b[i];
    for (float partial : lane) sum += partial;
    return sum;
}

}  // namespace

extern "C" void aic_qk_matmul(int64_t* args) {
    const auto* q = reinterpret_cast<const float*>(args[0]);
    const auto* k = reinterpret_cast<const float*>(args[1]);
    auto* s = reinterpret_cast<float*>(args[2]);
    const int64_t num_heads = args[3];
    const int64_t kv_head_num = args[4];
    const int64_t head_dim = args[5];
    const int64_t tokens = args[6];

    // A key row is loaded once for all the query heads that share it.
    const int64_t heads_per_kv = num_heads / kv_head_num;
    for (int64_t t = 0; t < tokens; ++t) {
        for (int64_t g = 0; g < kv_head_num; ++g) {
            const float* k_row = k + (t * kv_head_num + g) * head_dim;
            for (int64_t h = g * heads_per_kv; h < (g + 1) * heads_per_kv; ++h) {
                s[h * tokens + t] = dot(q + h * head_dim, k_row, head_dim);
            }
        }
    }
}
