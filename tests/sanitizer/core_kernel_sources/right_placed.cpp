// For versions of PTO ISA that place tiles in arrays of the core.
#include "kernels.h"

KERNEL(constant_places) {
    // z[0] = x[0] + 1
    Vector a, b;
    TASSIGN<0>(a);
    TASSIGN<kBytes>(b);
    TLOAD(a, x);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    TADDS(b, a, 1);
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    TSTORE(z, b);
}

KERNEL(view_by_address) {
    // z[0] = x[0] + 1
    Vector a, view;
    TASSIGN(a, kBytes);
    TASSIGN(view, reinterpret_cast<uint64_t>(a.data()));
    TLOAD(a, x);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    TADDS(view, view, 1);
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    TSTORE(z, a);
}

KERNEL(halves_of_a_tile) {
    // z[0] = x[0] + 1
    using Half = Tile<TileType::Vec, float, 8, 16, BLayout::RowMajor>;
    Vector a;
    Half halves[2];
    TASSIGN(a, 0);
    for (int i = 0; i < 2; ++i) {
        GlobalTensor<float, pto::Shape<1, 1, 1, 8, 16>, pto::Stride<256, 256, 256, 16, 1>> from;
        TASSIGN(halves[i], i * kBytes / 2);
        TASSIGN(from, x.data() + i * 128);
        TLOAD(halves[i], from);
    }
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    TADDS(a, a, 1);
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    TSTORE(z, a);
}
