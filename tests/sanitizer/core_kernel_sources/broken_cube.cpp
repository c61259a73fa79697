#include "kernels.h"

// What a product takes; y is in L0B already.
#define TILES           \
    Matrix a, b;        \
    Left left;          \
    Right right;        \
    Sum sum;            \
    TASSIGN(a, 0);      \
    TASSIGN(b, kBytes); \
    TASSIGN(left, 0);   \
    TASSIGN(right, 0);  \
    TASSIGN(sum, 0);    \
    TLOAD(b, y);        \
    ORDER(MTE2, MTE1);  \
    TMOV(right, b);     \
    ORDER(MTE1, M)

#define ORDER(source, destination)                          \
    set_flag(PIPE_##source, PIPE_##destination, EVENT_ID0); \
    wait_flag(PIPE_##source, PIPE_##destination, EVENT_ID0)

KERNEL(moves_what_is_being_loaded) {
    // z[0] = x[0] @ y[0]
    TILES;
    TLOAD(a, x);    // first
    TMOV(left, a);  // second
    ORDER(MTE1, M);
    TMATMUL(sum, left, right);
    ORDER(M, FIX);
    TSTORE(z, sum);
}

KERNEL(multiplies_a_left_that_is_being_moved) {
    // z[0] = x[0] @ y[0]
    TILES;
    TLOAD(a, x);
    ORDER(MTE2, MTE1);
    TMOV(left, a);              // first
    TMATMUL(sum, left, right);  // second
    ORDER(M, FIX);
    TSTORE(z, sum);
}

KERNEL(multiplies_a_right_that_is_being_extracted) {
    // z[0] = x[0] @ x[0]
    TILES;
    TLOAD(a, x);
    ORDER(MTE2, MTE1);
    TEXTRACT(left, a, 0, 0);
    ORDER(MTE1, M);
    TEXTRACT(right, a, 0, 0);   // first
    TMATMUL(sum, left, right);  // second
    ORDER(M, FIX);
    TSTORE(z, sum);
}

KERNEL(moves_into_a_left_that_is_being_read) {
    // z[0] = x[0] @ y[0]
    TILES;
    TLOAD(a, x);
    ORDER(MTE2, MTE1);
    TMOV(left, a);
    ORDER(MTE1, M);
    TMATMUL(sum, left, right);  // first
    TMOV(left, b);              // second
    ORDER(M, FIX);
    TSTORE(z, sum);
}

KERNEL(moves_into_a_right_that_is_being_read) {
    // z[0] = x[0] @ y[0]
    TILES;
    TLOAD(a, x);
    ORDER(MTE2, MTE1);
    TMOV(left, a);
    ORDER(MTE1, M);
    TMATMUL(sum, left, right);  // first
    TMOV(right, a);             // second
    ORDER(M, FIX);
    TSTORE(z, sum);
}

KERNEL(loads_into_a_matrix_that_is_being_moved) {
    // z[0] = x[0] @ y[0]
    TILES;
    TLOAD(a, x);
    ORDER(MTE2, MTE1);
    TMOV(left, a);  // first
    TLOAD(a, y);    // second
    ORDER(MTE1, M);
    TMATMUL(sum, left, right);
    ORDER(M, FIX);
    TSTORE(z, sum);
}

KERNEL(stores_a_product_that_is_being_computed) {
    // z[0] = x[0] @ y[0]
    TILES;
    TLOAD(a, x);
    ORDER(MTE2, MTE1);
    TMOV(left, a);
    ORDER(MTE1, M);
    TMATMUL(sum, left, right);  // first
    TSTORE(z, sum);             // second
}

KERNEL(multiplies_into_a_sum_that_is_being_stored) {
    // z[0] = x[0] @ y[0]
    // z[1] = x[0] @ y[0]
    TILES;
    Global next = tile(z, 1);
    TLOAD(a, x);
    ORDER(MTE2, MTE1);
    TMOV(left, a);
    ORDER(MTE1, M);
    TMATMUL(sum, left, right);
    ORDER(M, FIX);
    TSTORE(z, sum);             // first
    TMATMUL(sum, left, right);  // second
    ORDER(M, FIX);
    TSTORE(next, sum);
}

KERNEL(moves_a_product_that_is_being_moved) {
    // z[0] = x[0] @ y[0] @ y[0]
    TILES;
    TLOAD(a, x);
    ORDER(MTE2, MTE1);
    TMOV(left, a);
    ORDER(MTE1, M);
    TMATMUL(sum, left, right);
    ORDER(M, FIX);
    Matrix product;
    Left other_left;
    Sum other_sum;
    TASSIGN(product, 2 * kBytes);
    TASSIGN(other_left, kBytes);
    TASSIGN(other_sum, kBytes);
    TMOV(product, sum);         // first
    TMOV(other_left, product);  // second
    ORDER(MTE1, M);
    TMATMUL(other_sum, other_left, right);
    ORDER(M, FIX);
    TSTORE(z, other_sum);
}

KERNEL(loads_a_product_that_is_being_stored) {
    // z[0] = x[0] @ y[0]
    TILES;
    TLOAD(a, x);
    ORDER(MTE2, MTE1);
    TMOV(left, a);
    ORDER(MTE1, M);
    TMATMUL(sum, left, right);
    ORDER(M, FIX);
    Matrix product;
    TASSIGN(product, 2 * kBytes);
    TSTORE(z, sum);     // first
    TLOAD(product, z);  // second
}
