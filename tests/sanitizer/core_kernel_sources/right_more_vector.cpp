#include "kernels.h"

KERNEL(view_of_another_shape) {
    // z[0] = x[0] + 1
    Vector a;
    Tile<TileType::Vec, float, 8, 32, BLayout::RowMajor> view;
    GlobalTensor<float, pto::Shape<1, 1, 1, 8, 32>, pto::Stride<256, 256, 256, 32, 1>> wide;
    TASSIGN(a, 0);
    TASSIGN(wide, z.data());
    TLOAD(a, x);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    TRESHAPE(view, a);
    TADDS(view, view, 1);
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    TSTORE(wide, view);
}

KERNEL(tiles_that_overlap_at_different_times) {
    // z[0] = x[0] + y[0]
    Vector a, sum;
    TASSIGN(a, 0);
    TASSIGN(sum, 2 * kBytes);
    TLOAD(a, x);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    TADDS(sum, a, 0);
    set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);
    Vector b;
    TASSIGN(b, kBytes / 2);
    TLOAD(b, y);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    TADD(sum, sum, b);
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    TSTORE(z, sum);
}

KERNEL(tiles_up_to_the_end) {
    // z[0] = x[0] + 1
    Vector a, b;
    TASSIGN(a, kUB - kBytes);
    TASSIGN(b, kUB - 2 * kBytes);
    TLOAD(a, x);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    TADDS(b, a, 1);
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    TSTORE(z, b);
}

KERNEL(some_rows) {
    // z[0][:8] = x[0][:8] + 1
    Tile<TileType::Vec, float, 16, 16, BLayout::RowMajor, 8, 16> a, b;
    GlobalTensor<float, pto::Shape<1, 1, 1, 8, 16>, pto::Stride<256, 256, 256, 16, 1>> from, to;
    TASSIGN(a, 0);
    TASSIGN(b, kBytes);
    TASSIGN(from, x.data());
    TASSIGN(to, z.data());
    TLOAD(a, from);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    TADDS(b, a, 1);
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    TSTORE(to, b);
}

KERNEL(scalar_reads_what_vectors_computed) {
    // z[0] = x[0] + x[0][0, 3] + 1
    Vector a, b, c;
    TASSIGN(a, 0);
    TASSIGN(b, kBytes);
    TASSIGN(c, 2 * kBytes);
    TLOAD(a, x);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    TADDS(b, a, 1);
    set_flag(PIPE_V, PIPE_S, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_S, EVENT_ID0);
    const float value = b.GetValue(3);
    TADDS(c, a, value);
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    TSTORE(z, c);
}

KERNEL(scalar_writes_what_vectors_read) {
    // z[0] = np.arange(256).reshape(16, 16) + 1
    Vector a, b;
    TASSIGN(a, 0);
    TASSIGN(b, kBytes);
    for (int i = 0; i < 256; ++i) a.SetValue(i, static_cast<float>(i));
    set_flag(PIPE_S, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_S, PIPE_V, EVENT_ID0);
    TADDS(b, a, 1);
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    TSTORE(z, b);
}

static void load(Vector& to, Global& from) {
    TLOAD(to, from);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
}

static void store(Global& to, Vector& from) {
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    TSTORE(to, from);
}

KERNEL(helpers_that_order) {
    // z[0] = x[0] + y[0]
    Vector a, b, c;
    TASSIGN(a, 0);
    TASSIGN(b, kBytes);
    TASSIGN(c, 2 * kBytes);
    load(a, x);
    load(b, y);
    TADD(c, a, b);
    store(z, c);
}

KERNEL(flags_in_both_branches) {
    // z[:2] = x[:2] + 1
    Vector a[2];
    for (int i = 0; i < 2; ++i) {
        Global from = tile(x, i);
        Global to = tile(z, i);
        TASSIGN(a[i], i * kBytes);
        TLOAD(a[i], from);
        if (i == 0) {
            set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
        } else {
            set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
        }
        wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
        TADDS(a[i], a[i], 1);
        set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
        wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
        TSTORE(to, a[i]);
    }
}
