// Tiles where there is no memory, no tile, or nothing yet.
#include "kernels.h"

#define ORDER(source, destination)                          \
    set_flag(PIPE_##source, PIPE_##destination, EVENT_ID0); \
    wait_flag(PIPE_##source, PIPE_##destination, EVENT_ID0)

KERNEL(a_row_beyond_ub) {
    // z[0] = np.full((16, 16), 3)
    Vector a;
    TASSIGN(a, kUB - kBytes + 32);  // first
    TEXPANDS(a, 3);
    ORDER(V, MTE3);
    TSTORE(z, a);
}

KERNEL(a_row_beyond_l1) {
    // z[0] = np.zeros((16, 16))
    Matrix a;
    TASSIGN(a, kL1 - kBytes + 32);  // first
}

KERNEL(a_row_beyond_l0a) {
    // z[0] = np.zeros((16, 16))
    Left a;
    TASSIGN(a, kL0A - kBytes + 32);  // first
}

KERNEL(a_row_beyond_l0b) {
    // z[0] = np.zeros((16, 16))
    Right a;
    TASSIGN(a, kL0B - kBytes + 32);  // first
}

KERNEL(a_row_beyond_l0c) {
    // z[0] = np.zeros((16, 16))
    Sum a;
    TASSIGN(a, kL0C - kBytes + 32);  // first
}

KERNEL(all_of_it_beyond_ub) {
    // z[0] = np.zeros((16, 16))
    Vector a;
    TASSIGN(a, kUB);  // first
}

KERNEL(misaligned_place) {
    // z[0] = np.full((16, 16), 3)
    Vector a;
    TASSIGN(a, 16);  // first
    TEXPANDS(a, 3);
    ORDER(V, MTE3);
    TSTORE(z, a);
}

KERNEL(tile_under_another_one) {
    Vector a, b, c;
    TASSIGN(a, 0);
    TASSIGN(b, kBytes / 2);
    TASSIGN(c, 2 * kBytes);
    TLOAD(a, x);
    TLOAD(b, y);  // first
    ORDER(MTE2, V);
    TADDS(c, a, 1);  // second
    ORDER(V, MTE3);
    TSTORE(z, c);
}

KERNEL(result_over_an_operand) {
    Vector a, b, c;
    TASSIGN(a, 0);
    TASSIGN(b, kBytes - 64);
    TASSIGN(c, 2 * kBytes);
    TLOAD(a, x);
    ORDER(MTE2, V);
    TEXPANDS(b, 2);  // first
    pipe_barrier(PIPE_V);
    TMUL(c, a, b);  // second
    ORDER(V, MTE3);
    TSTORE(z, c);
}

KERNEL(tile_that_nobody_loaded) {
    Vector a, b;
    TASSIGN(a, 0);
    TASSIGN(b, kBytes);
    TADDS(b, a, 1);  // first
    ORDER(V, MTE3);
    TSTORE(z, b);
}

KERNEL(tile_of_which_some_rows_are_loaded) {
    Vector a, b;
    Tile<TileType::Vec, float, 8, 16, BLayout::RowMajor> top;
    GlobalTensor<float, pto::Shape<1, 1, 1, 8, 16>, pto::Stride<256, 256, 256, 16, 1>> from;
    TASSIGN(a, 0);
    TASSIGN(top, 0);
    TASSIGN(b, kBytes);
    TASSIGN(from, x.data());
    TLOAD(top, from);
    ORDER(MTE2, V);
    TADDS(b, a, 1);  // first
    ORDER(V, MTE3);
    TSTORE(z, b);
}

KERNEL(stores_what_nobody_computed) {
    Vector a;
    TASSIGN(a, 0);
    TSTORE(z, a);  // first
}

KERNEL(scalar_reads_what_nobody_computed) {
    Vector a;
    TASSIGN(a, 0);
    z.data()[0] = a.GetValue(0);  // first
}

KERNEL(multiplies_a_left_that_nobody_moved) {
    Matrix b;
    Left left;
    Right right;
    Sum sum;
    TASSIGN(b, 0);
    TASSIGN(left, 0);
    TASSIGN(right, 0);
    TASSIGN(sum, 0);
    TLOAD(b, y);
    ORDER(MTE2, MTE1);
    TMOV(right, b);
    ORDER(MTE1, M);
    TMATMUL(sum, left, right);  // first
    ORDER(M, FIX);
    TSTORE(z, sum);
}

KERNEL(adds_to_a_sum_that_nobody_computed) {
    Matrix a;
    Left left;
    Right right;
    Sum sum;
    TASSIGN(a, 0);
    TASSIGN(left, 0);
    TASSIGN(right, 0);
    TASSIGN(sum, 0);
    TLOAD(a, x);
    ORDER(MTE2, MTE1);
    TMOV(left, a);
    TMOV(right, a);
    ORDER(MTE1, M);
    TMATMUL_ACC(sum, sum, left, right);  // first
    ORDER(M, FIX);
    TSTORE(z, sum);
}
