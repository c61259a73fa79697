#include <cstdint>
#include <pto/pto-inst.hpp>

using namespace pto;

extern "C" __aicore__ void kernel_entry(__gm__ int64_t* args) {
    using Matrix = GlobalTensor<float, Shape<1, 1, 1, 16, 16>, Stride<1, 1, 1, 16, 1>>;
    using MatrixTile = Tile<TileType::Vec, float, 16, 16, BLayout::RowMajor, 16, 16>;
    Matrix x(reinterpret_cast<__gm__ float*>(args[0]));
    Matrix y(reinterpret_cast<__gm__ float*>(args[1]));
    Matrix out(reinterpret_cast<__gm__ float*>(args[2]));
    MatrixTile a, b, sum;
    TASSIGN(a, 0x0);
    TASSIGN(b, 0x400);
    TASSIGN(sum, 0x800);

    TLOAD(a, x);
    TLOAD(b, y);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    TADD(sum, a, b);
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    TSTORE(out, sum);
}
