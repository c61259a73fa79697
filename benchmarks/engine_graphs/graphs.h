// The graphs and the kernel that every task-graph library of the benchmark runs.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>

namespace benchmark {

/// Arguments of each task, as many as a paged-attention kernel has on average. The first is the
/// number of iterations of the kernel's loop.
constexpr int kArgs = 8;

/// A fixed amount of arithmetic that no compiler shortens.
inline void spin(uint64_t iterations) {
    uint64_t x = iterations;
    for (uint64_t i = 0; i < iterations; ++i) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        asm volatile("" : "+r"(x));
    }
}

struct Shape {
    const char* name;  // paged_attention, fan, fan_out, fan_in, chain or layers
    int a;             // batch, width, length or number of layers
    int b;             // blocks of a sequence, or width of a layer
};

/// Calls task(core_type, predecessors, count) for every task in a topological order; tasks are
/// numbered from 0, core_type is 0 (AIC) or 1 (AIV).
template <typename Task>
void describe(const Shape& shape, Task task) {
    const auto is = [&](const char* name) { return std::strcmp(shape.name, name) == 0; };
    int next = 0;
    const auto add = [&](int core_type, const int* predecessors, int count) {
        task(core_type, predecessors, count);
        return next++;
    };
    if (is("paged_attention")) {
        for (int batch = 0; batch < shape.a; ++batch) {
            int update = -1;
            for (int block = 0; block < shape.b; ++block) {
                const int qk = add(0, nullptr, 0);
                const int sf = add(1, &qk, 1);
                const int pv = add(0, &sf, 1);
                const int before[] = {pv, update};
                update = add(1, before, block == 0 ? 1 : 2);
            }
        }
    } else if (is("fan_out") || is("fan_in") || is("fan")) {
        int* const middle = new int[static_cast<size_t>(shape.a)];
        const int root = is("fan_in") ? -1 : add(0, nullptr, 0);
        for (int i = 0; i < shape.a; ++i) middle[i] = add(1, &root, root < 0 ? 0 : 1);
        if (!is("fan_out")) add(0, middle, shape.a);
        delete[] middle;
    } else if (is("chain")) {
        for (int i = 0; i < shape.a; ++i) {
            const int before = i - 1;
            add(i % 2, &before, i > 0 ? 1 : 0);
        }
    } else if (is("layers")) {  // each task has two predecessors in the layer before
        uint64_t random = 1;
        for (int layer = 0; layer < shape.a; ++layer) {
            for (int i = 0; i < shape.b; ++i) {
                int before[2];
                for (int& id : before) {
                    random = random * 6364136223846793005u + 1442695040888963407u;
                    const auto column =
                        static_cast<int>((random >> 33) % static_cast<uint64_t>(shape.b));
                    id = (layer - 1) * shape.b + column;
                }
                add(i % 2, before, layer > 0 ? 2 : 0);
            }
        }
    } else {
        std::fprintf(stderr, "no such graph: %s\n", shape.name);
    }
}

inline void fill_args(uint64_t* args, uint64_t iterations, int id) {
    args[0] = iterations;
    for (int i = 1; i < kArgs; ++i) args[i] = static_cast<uint64_t>(id + i);
}

}  // namespace benchmark
