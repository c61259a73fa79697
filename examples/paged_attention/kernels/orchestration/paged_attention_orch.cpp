// Builds the task graph of paged attention, one query token per sequence. Per batch and block:
//
//   QK -> SF -> PV -> UP, and UP of block i -> UP of block i + 1 within a batch
//
// Each task works on all heads. A sequence has ceil(context_len / block_size) blocks. The last one
// may be partly filled: its tasks are told how many tokens are valid and never touch the others.
#include <algorithm>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <vector>

#include "runtime.h"

namespace {

/// func_id of each kernel in kernel_config.py.
enum FuncId : int { kQkMatmul = 0, kSoftmaxPrepare = 1, kPvMatmul = 2, kOnlineUpdate = 3 };

/// Ends the orchestration with this message. Nothing thrown leaves build_paged_attention_graph.
[[noreturn, gnu::format(printf, 1, 2)]] void fail(const char* format, ...) {
    char message[256];
    va_list values;
    va_start(values, format);
    std::vsnprintf(message, sizeof message, format, values);
    va_end(values);
    throw std::runtime_error(message);
}

/// Tensors in host memory, in the order of golden.py's TENSOR_ORDER. The orchestration's arguments
/// are their addresses, then their sizes in bytes, then the element count of the first.
enum TensorId : int {
    kQuery,
    kKeyCache,
    kValueCache,
    kBlockTable,
    kContextLens,
    kOut,
    kConfig,
    kTensorCount
};

class HostTensors {
  public:
    HostTensors(const uint64_t* args, int arg_count) : args_(args) {
        constexpr int kExpected = 2 * kTensorCount + 1;
        if (arg_count != kExpected) fail("expected %d arguments, got %d", kExpected, arg_count);
    }

    template <typename T = void>
    T* data(TensorId tensor) const {
        return reinterpret_cast<T*>(args_[tensor]);
    }

    size_t size(TensorId tensor) const { return args_[kTensorCount + tensor]; }

    void expect_size(TensorId tensor, const char* name, size_t expected) const {
        if (size(tensor) != expected) {
            fail("%s has %zu bytes, expected %zu", name, size(tensor), expected);
        }
    }

  private:
    const uint64_t* args_;
};

/// What the `config` tensor says. Counts of floats are size_t.
struct Config {
    int batch;
    int num_heads;
    int kv_head_num;
    int head_dim;
    int block_size;       // tokens in a block of the caches
    int block_num;        // blocks a sequence has in the block table
    uint64_t scale_bits;  // the bits of a float32

    explicit Config(const int64_t* config)
        : batch(static_cast<int>(config[0])),
          num_heads(static_cast<int>(config[1])),
          kv_head_num(static_cast<int>(config[2])),
          head_dim(static_cast<int>(config[3])),
          block_size(static_cast<int>(config[4])),
          block_num(static_cast<int>(config[5])),
          scale_bits(static_cast<uint64_t>(config[6])) {
        if (std::any_of(config, config + 6, [](int64_t value) { return value < 1; })) {
            fail("config must hold positive numbers");
        }
        if (num_heads % kv_head_num != 0) {
            fail("num_heads=%d is not a multiple of kv_head_num=%d", num_heads, kv_head_num);
        }
    }

    /// One (num_heads, head_dim) tensor.
    size_t heads_floats() const { return static_cast<size_t>(num_heads) * head_dim; }
    /// One (block_size, kv_head_num, head_dim) block of a cache.
    size_t block_floats() const { return static_cast<size_t>(block_size) * kv_head_num * head_dim; }
};

/// The graph's device memory. It is freed with this object, unless keep() hands it to the run.
class DeviceMemory {
  public:
    explicit DeviceMemory(const HostApi& api) : api_(api) {}
    DeviceMemory(const DeviceMemory&) = delete;
    DeviceMemory& operator=(const DeviceMemory&) = delete;
    ~DeviceMemory() {
        for (void* buffer : buffers_) api_.device_free(buffer);
    }

    /// Uninitialised memory.
    float* allocate(size_t floats) {
        const size_t size = floats * sizeof(float);
        void* buffer = api_.device_malloc(size);
        if (buffer == nullptr) fail("device_malloc of %zu bytes failed", size);
        buffers_.push_back(buffer);
        return static_cast<float*>(buffer);
    }

    /// A copy of a host tensor.
    float* upload(const float* host, size_t floats) {
        const size_t size = floats * sizeof(float);
        float* buffer = allocate(floats);
        if (api_.copy_to_device(buffer, host, size) != 0) {
            fail("copy_to_device of %zu bytes failed", size);
        }
        return buffer;
    }

    void keep() { buffers_.clear(); }

  private:
    const HostApi& api_;
    std::vector<void*> buffers_;
};

/// A task's argument: a device address or a number.
uint64_t arg(const float* dev_ptr) { return reinterpret_cast<uint64_t>(dev_ptr); }
uint64_t arg(int value) { return static_cast<uint64_t>(value); }

template <size_t N>
int add_task(Runtime& runtime, FuncId func_id, CoreType core_type, uint64_t (&&args)[N]) {
    const int task = runtime.add_task(args, static_cast<int>(N), func_id, core_type);
    if (task < 0) fail("add_task failed for func_id %d", static_cast<int>(func_id));
    return task;
}

/// The softmax of one block, not normalised: what UP adds to the rest of its sequence.
struct BlockResult {
    float* m;     // (num_heads,)           row maxima of the scores
    float* l;     // (num_heads,)           row sums of p
    float* o;     // (num_heads, head_dim)  p @ v
    int pv_task;  // the last task that writes any of them
};

/// QK -> SF -> PV over the block's `tokens` valid tokens.
BlockResult add_block(Runtime& runtime, DeviceMemory& memory, const Config& c, const float* q,
                      const float* k, const float* v, int tokens) {
    const size_t score_floats = static_cast<size_t>(c.num_heads) * tokens;
    float* s = memory.allocate(score_floats);
    float* p = memory.allocate(score_floats);
    float* m = memory.allocate(c.num_heads);
    float* l = memory.allocate(c.num_heads);
    float* o = memory.allocate(c.heads_floats());

    const int qk = add_task(runtime, kQkMatmul, CoreType::AIC,
                            {arg(q), arg(k), arg(s), arg(c.num_heads), arg(c.kv_head_num),
                             arg(c.head_dim), arg(tokens)});
    const int sf =
        add_task(runtime, kSoftmaxPrepare, CoreType::AIV,
                 {arg(s), c.scale_bits, arg(p), arg(m), arg(l), arg(c.num_heads), arg(tokens)});
    const int pv = add_task(runtime, kPvMatmul, CoreType::AIC,
                            {arg(p), arg(v), arg(o), arg(c.num_heads), arg(c.kv_head_num),
                             arg(c.head_dim), arg(tokens)});
    runtime.add_successor(qk, sf);
    runtime.add_successor(sf, pv);
    return {m, l, o, pv};
}

/// The UP chain of one sequence: adds its blocks up in order and writes `out` after the last.
void add_updates(Runtime& runtime, DeviceMemory& memory, const Config& c,
                 const std::vector<BlockResult>& blocks, float* out) {
    float* m_acc = memory.allocate(c.num_heads);
    float* l_acc = memory.allocate(c.num_heads);
    float* o_acc = memory.allocate(c.heads_floats());

    int previous = -1;
    for (size_t i = 0; i < blocks.size(); ++i) {
        const bool is_first = i == 0;
        const bool is_last = i + 1 == blocks.size();
        const int up = add_task(
            runtime, kOnlineUpdate, CoreType::AIV,
            {arg(blocks[i].m), arg(blocks[i].l), arg(blocks[i].o), arg(m_acc), arg(l_acc),
             arg(o_acc), arg(is_first), arg(is_last), arg(out), arg(c.num_heads), arg(c.head_dim)});
        runtime.add_successor(blocks[i].pv_task, up);
        if (!is_first) runtime.add_successor(previous, up);
        previous = up;
    }
}

void build(Runtime& runtime, const HostTensors& host) {
    host.expect_size(kConfig, "config", 7 * sizeof(int64_t));
    const Config c(host.data<const int64_t>(kConfig));
    printf("=== build_paged_attention_graph (multi-head per task) ===\n");
    printf("batch=%d, num_heads=%d, kv_head_num=%d, head_dim=%d\n", c.batch, c.num_heads,
           c.kv_head_num, c.head_dim);
    printf("block_size=%d, block_num=%d\n", c.block_size, c.block_num);

    const size_t query_floats = c.batch * c.heads_floats();
    const size_t cache_blocks = host.size(kKeyCache) / (c.block_floats() * sizeof(float));
    const size_t cache_floats = cache_blocks * c.block_floats();
    host.expect_size(kQuery, "query", query_floats * sizeof(float));
    host.expect_size(kKeyCache, "key_cache", cache_floats * sizeof(float));
    host.expect_size(kValueCache, "value_cache", cache_floats * sizeof(float));
    host.expect_size(kBlockTable, "block_table",
                     static_cast<size_t>(c.batch) * c.block_num * sizeof(int32_t));
    host.expect_size(kContextLens, "context_lens", c.batch * sizeof(int32_t));
    host.expect_size(kOut, "out", query_floats * sizeof(float));

    DeviceMemory memory(runtime.host_api);
    const float* query = memory.upload(host.data<float>(kQuery), query_floats);
    const float* key_cache = memory.upload(host.data<float>(kKeyCache), cache_floats);
    const float* value_cache = memory.upload(host.data<float>(kValueCache), cache_floats);
    float* out = memory.allocate(query_floats);

    // The block table and the lengths decide the shape of the graph; no kernel reads them.
    const auto* block_table = host.data<const int32_t>(kBlockTable);
    const auto* context_lens = host.data<const int32_t>(kContextLens);

    for (int b = 0; b < c.batch; ++b) {
        const int context_len = context_lens[b];
        if (context_len < 1 || context_len > static_cast<int64_t>(c.block_size) * c.block_num) {
            fail("context_lens[%d] = %d, but a sequence has 1 to %d * %d tokens", b, context_len,
                 c.block_num, c.block_size);
        }
        const int32_t* blocks_of_sequence = block_table + static_cast<size_t>(b) * c.block_num;

        std::vector<BlockResult> results;
        for (int i = 0; i * c.block_size < context_len; ++i) {
            const int block = blocks_of_sequence[i];
            if (block < 0 || static_cast<size_t>(block) >= cache_blocks) {
                fail("block_table[%d][%d] = %d, but the caches have %zu blocks", b, i, block,
                     cache_blocks);
            }
            const int tokens = std::min(c.block_size, context_len - i * c.block_size);
            results.push_back(add_block(runtime, memory, c, query + b * c.heads_floats(),
                                        key_cache + block * c.block_floats(),
                                        value_cache + block * c.block_floats(), tokens));
        }
        add_updates(runtime, memory, c, results, out + b * c.heads_floats());
    }

    // `out` travels to the host after the graph has run.
    runtime.record_tensor_pair(host.data(kOut), out, host.size(kOut));
    memory.keep();
    printf("Created %d tasks\n", runtime.get_task_count());
}

}  // namespace

/// Returns 0, or -1 after logging why there is no graph.
extern "C" int build_paged_attention_graph(Runtime* runtime, uint64_t* args, int arg_count) {
    try {
        build(*runtime, HostTensors(args, arg_count));
        return 0;
    } catch (const std::exception& error) {
        LOG_ERROR("%s", error.what());
        return -1;
    }
}
