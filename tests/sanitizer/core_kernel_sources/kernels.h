// What the kernels have at hand: matrices x, y and z of global memory, 4 tiles each, of 16 x 16
// float32; `tile(x, i)` is tile i. A comment "z[0] = ..." says what a kernel computes.
#pragma once

#include <cstdint>
#include <pto/pto-inst.hpp>

using namespace pto;

constexpr int kTiles = 4;
constexpr int kBytes = 1024;  // of a tile
constexpr int kUB = 192 * 1024;
constexpr int kL1 = 512 * 1024;
constexpr int kL0A = 64 * 1024;
constexpr int kL0B = 64 * 1024;
constexpr int kL0C = 128 * 1024;

using Global = GlobalTensor<float, pto::Shape<1, 1, 1, 16, 16>, pto::Stride<256, 256, 256, 16, 1>>;
using Vector = Tile<TileType::Vec, float, 16, 16, BLayout::RowMajor>;
using Matrix = Tile<TileType::Mat, float, 16, 16, BLayout::ColMajor, 16, 16, SLayout::RowMajor>;
using Left = TileLeft<float, 16, 16>;
using Right = TileRight<float, 16, 16>;
using Sum = TileAcc<float, 16, 16>;

inline Global tile(Global& matrix, int number) { return Global(matrix.data() + number * 256); }

#define PARAMETERS                                                                   \
    [[maybe_unused]] Global x, [[maybe_unused]] Global y, [[maybe_unused]] Global z, \
        [[maybe_unused]] int64_t choice

#define KERNEL(name)                                                                         \
    static void name##_body(PARAMETERS);                                                     \
    static void name(int64_t* args) {                                                        \
        float* matrices[3];                                                                  \
        for (int i = 0; i < 3; ++i) matrices[i] = reinterpret_cast<float*>(args[i]);         \
        name##_body(Global(matrices[0]), Global(matrices[1]), Global(matrices[2]), args[3]); \
    }                                                                                        \
    static void name##_body(PARAMETERS)
