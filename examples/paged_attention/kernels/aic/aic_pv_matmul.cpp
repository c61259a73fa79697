// PV: one block's contribution to the output of every query head, o = p @ v.
//
//   args[0]  p  (num_heads, tokens)              float32, in: not normalised
//   args[1]  v  (tokens, kv_head_num, head_dim)  float32, in: the block's valid tokens
//   args[2]  o  (num_heads, head_dim)            float32, out
//   args[3]  num_heads    a multiple of kv_head_num
//   args[4]  kv_head_num
//   args[5]  head_dim
//   args[6]  tokens       valid tokens in this block, at least 1
//
// Grouped-query attention: query heads [g * heads_per_kv, (g + 1) * heads_per_kv) share KV head g.
#include <cstdint>

namespace {

/// y = a * x over n elements.
void scale(float a, const float* __restrict x, float* __restrict y, int64_t n) {
    for (int64_t i = 0; i < n; ++i) y[i] = a * x[i];
}

/// y += a * x over n elements.
void axpy(float a, const float* __restrict x, float* __restrict y, int64_t n) {
    for (int64_t i = 0; i < n; ++i) y[i] += a * x[i];
}

}  // namespace

extern "C" void aic_pv_matmul(int64_t* args) {
    const auto* p = reinterpret_cast<const float*>(args[0]);
    const auto* v = reinterpret_cast<const float*>(args[1]);
    auto* o = reinterpret_cast<float*>(args[2]);
    const int64_t num_heads = args[3];
    const int64_t kv_head_num = args[4];
    const int64_t head_dim = args[5];
    const int64_t tokens = args[6];

    const int64_t heads_per_kv = num_heads / kv_head_num;
    const int64_t token_stride =
        kv_head_num * head_dim;  // floats from one token's value to the next

    // A row of the output is a weighted sum of value rows: the inner loop runs along head_dim,
    // where both are contiguous and no element depends on another. The first token initialises the
    // row.
    for (int64_t h = 0; h < num_heads; ++h) {
        const float* p_row = p + h * tokens;
        const float* v_head = v + (h / heads_per_kv) * head_dim;
        float* o_row = o + h * head_dim;
        scale(p_row[0], v_head, o_row, head_dim);
        for (int64_t t = 1; t < tokens; ++t) {
            axpy(p_row[t], v_head + t * token_stride, o_row, head_dim);
        }
    }
}
