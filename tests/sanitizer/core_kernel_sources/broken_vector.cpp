#include "kernels.h"

// Two tiles, of which `b` is stored at the end.
#define TILES      \
    Vector a, b;   \
    TASSIGN(a, 0); \
    TASSIGN(b, kBytes)

#define ORDER(source, destination)                          \
    set_flag(PIPE_##source, PIPE_##destination, EVENT_ID0); \
    wait_flag(PIPE_##source, PIPE_##destination, EVENT_ID0)

KERNEL(adds_what_is_being_loaded) {
    // z[0] = x[0] + 1
    TILES;
    TLOAD(a, x);     // first
    TADDS(b, a, 1);  // second
    ORDER(V, MTE3);
    TSTORE(z, b);
}

KERNEL(stores_what_is_being_computed) {
    // z[0] = x[0] + 1
    TILES;
    TLOAD(a, x);
    ORDER(MTE2, V);
    TADDS(b, a, 1);  // first
    TSTORE(z, b);    // second
}

KERNEL(stores_what_is_being_loaded) {
    // z[0] = x[0]
    TILES;
    TLOAD(b, x);   // first
    TSTORE(z, b);  // second
}

KERNEL(loads_what_is_being_stored) {
    // z[0] = x[0]
    TILES;
    TLOAD(b, x);
    ORDER(MTE2, MTE3);
    TSTORE(z, b);  // first
    TLOAD(a, z);   // second
}

KERNEL(stores_what_is_being_loaded_from_there) {
    // z[0] = np.full((16, 16), 3)
    TILES;
    TEXPANDS(b, 3);
    ORDER(V, MTE3);
    TLOAD(a, z);   // first
    TSTORE(z, b);  // second
}

KERNEL(loads_into_a_tile_that_is_being_stored) {
    // z[0] = x[0]
    // z[1] = y[0]
    TILES;
    Global next = tile(z, 1);
    TLOAD(b, x);
    ORDER(MTE2, MTE3);
    TSTORE(z, b);  // first
    TLOAD(b, y);   // second
    ORDER(MTE2, MTE3);
    TSTORE(next, b);
}

KERNEL(computes_into_a_tile_that_is_being_stored) {
    // z[0] = np.full((16, 16), 3)
    // z[1] = np.full((16, 16), 4)
    TILES;
    Global next = tile(z, 1);
    TEXPANDS(b, 3);
    ORDER(V, MTE3);
    TSTORE(z, b);  // first
    pipe_barrier(PIPE_V);
    TEXPANDS(b, 4);  // second
    ORDER(V, MTE3);
    TSTORE(next, b);
}

KERNEL(loads_into_a_tile_that_is_being_read) {
    // z[0] = x[0] + 1
    TILES;
    TLOAD(a, x);
    ORDER(MTE2, V);
    TADDS(b, a, 1);  // first
    TLOAD(a, y);     // second
    ORDER(V, MTE3);
    TSTORE(z, b);
}

KERNEL(loads_into_a_tile_that_is_being_computed) {
    // z[0] = x[0]
    TILES;
    TEXPANDS(b, 1);  // first
    TLOAD(b, x);     // second
    ORDER(MTE2, MTE3);
    TSTORE(z, b);
}

KERNEL(vectors_without_barrier) {
    // z[0] = (x[0] + 1) * x[0]
    TILES;
    TLOAD(a, x);
    ORDER(MTE2, V);
    TADDS(b, a, 1);  // first
    Vector c;
    TASSIGN(c, 2 * kBytes);
    TMUL(c, b, a);  // second
    ORDER(V, MTE3);
    TSTORE(z, c);
}

KERNEL(vectors_that_write_the_same) {
    // z[0] = x[0] + 1
    TILES;
    TLOAD(a, x);
    ORDER(MTE2, V);
    TEXPANDS(b, 0);  // first
    TADDS(b, a, 1);  // second
    ORDER(V, MTE3);
    TSTORE(z, b);
}

KERNEL(sum_in_a_loop_without_barrier) {
    // z[0] = x[0] * 5
    TILES;
    TLOAD(a, x);
    TLOAD(b, x);
    ORDER(MTE2, V);
    for (int i = 0; i < kTiles; ++i) {
        TADD(b, b, a);  // first, second
    }
    ORDER(V, MTE3);
    TSTORE(z, b);
}

KERNEL(barrier_of_another_pipe) {
    // z[0] = x[0] + 3
    TILES;
    TLOAD(a, x);
    ORDER(MTE2, V);
    TADDS(b, a, 1);  // first
    pipe_barrier(PIPE_MTE2);
    TADDS(b, b, 2);  // second
    ORDER(V, MTE3);
    TSTORE(z, b);
}

KERNEL(part_of_a_tile_is_being_loaded) {
    // z[0] = x[0] + 1
    TILES;
    Tile<TileType::Vec, float, 1, 16, BLayout::RowMajor> row;
    GlobalTensor<float, pto::Shape<1, 1, 1, 1, 16>, pto::Stride<256, 256, 256, 16, 1>> from;
    TASSIGN(row, 3 * 64);
    TASSIGN(from, x.data() + 3 * 16);
    TLOAD(a, x);
    ORDER(MTE2, V);
    TLOAD(row, from);  // first
    TADDS(b, a, 1);    // second
    ORDER(V, MTE3);
    TSTORE(z, b);
}

static void load_without_flag(Vector& to, Global& from) {
    TLOAD(to, from);  // first
}

KERNEL(helper_without_flag) {
    // z[0] = x[0] + 1
    TILES;
    load_without_flag(a, x);
    TADDS(b, a, 1);  // second
    ORDER(V, MTE3);
    TSTORE(z, b);
}

static void add_in_place(Vector& what) {
    TADDS(what, what, 1);  // second
}

KERNEL(helper_that_does_not_wait) {
    // z[0] = x[0] + 2
    TILES;
    TLOAD(b, x);  // first
    add_in_place(b);
    pipe_barrier(PIPE_V);
    TADDS(b, b, 1);
    ORDER(V, MTE3);
    TSTORE(z, b);
}
