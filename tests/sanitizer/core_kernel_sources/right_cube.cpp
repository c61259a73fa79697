#include "kernels.h"

KERNEL(multiplies_two_tiles) {
    // z[0] = x[0] @ y[0]
    Matrix a, b;
    Left left;
    Right right;
    Sum sum;
    TASSIGN(a, 0);
    TASSIGN(b, kBytes);
    TASSIGN(left, 0);
    TASSIGN(right, 0);
    TASSIGN(sum, 0);
    TLOAD(a, x);
    TLOAD(b, y);
    set_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);
    TMOV(left, a);
    TMOV(right, b);
    set_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
    wait_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
    TMATMUL(sum, left, right);
    set_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
    wait_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
    TSTORE(z, sum);
}

KERNEL(multiplies_with_barriers) {
    // z[0] = x[0] @ y[0]
    Matrix a, b;
    Left left;
    Right right;
    Sum sum;
    TASSIGN(a, kL1 - kBytes);
    TASSIGN(b, kL1 - 2 * kBytes);
    TASSIGN(left, kL0A - kBytes);
    TASSIGN(right, kL0B - kBytes);
    TASSIGN(sum, kL0C - kBytes);
    TLOAD(a, x);
    TLOAD(b, y);
    pipe_barrier(PIPE_ALL);
    TEXTRACT(left, a, 0, 0);
    TEXTRACT(right, b, 0, 0);
    pipe_barrier(PIPE_ALL);
    TMATMUL(sum, left, right);
    pipe_barrier(PIPE_ALL);
    TSTORE(z, sum);
}

KERNEL(accumulates_with_double_buffers) {
    // z[0] = sum(x[i] @ y[i] for i in range(4))
    Matrix a[2], b[2];
    Left left[2];
    Right right[2];
    Sum sum;
    for (int i = 0; i < 2; ++i) {
        TASSIGN(a[i], i * kBytes);
        TASSIGN(b[i], (2 + i) * kBytes);
        TASSIGN(left[i], i * kBytes);
        TASSIGN(right[i], i * kBytes);
    }
    TASSIGN(sum, 0);
    set_flag(PIPE_MTE1, PIPE_MTE2, EVENT_ID0);
    set_flag(PIPE_MTE1, PIPE_MTE2, EVENT_ID1);
    set_flag(PIPE_M, PIPE_MTE1, EVENT_ID0);
    set_flag(PIPE_M, PIPE_MTE1, EVENT_ID1);
    for (int i = 0; i < kTiles; ++i) {
        Global from_x = tile(x, i);
        Global from_y = tile(y, i);
        const event_t event = i % 2;
        wait_flag(PIPE_MTE1, PIPE_MTE2, event);
        TLOAD(a[event], from_x);
        TLOAD(b[event], from_y);
        set_flag(PIPE_MTE2, PIPE_MTE1, event);
        wait_flag(PIPE_MTE2, PIPE_MTE1, event);
        wait_flag(PIPE_M, PIPE_MTE1, event);
        TMOV(left[event], a[event]);
        TMOV(right[event], b[event]);
        set_flag(PIPE_MTE1, PIPE_MTE2, event);
        set_flag(PIPE_MTE1, PIPE_M, event);
        wait_flag(PIPE_MTE1, PIPE_M, event);
        if (i == 0) {
            TMATMUL(sum, left[event], right[event]);
        } else {
            TMATMUL_ACC(sum, sum, left[event], right[event]);
        }
        set_flag(PIPE_M, PIPE_MTE1, event);
    }
    set_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
    wait_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
    TSTORE(z, sum);
    wait_flag(PIPE_MTE1, PIPE_MTE2, EVENT_ID0);  // drains
    wait_flag(PIPE_MTE1, PIPE_MTE2, EVENT_ID1);  // drains
    wait_flag(PIPE_M, PIPE_MTE1, EVENT_ID0);     // drains
    wait_flag(PIPE_M, PIPE_MTE1, EVENT_ID1);     // drains
}

KERNEL(one_sum_for_several_products) {
    // z[:] = x[:] @ y[0]
    Matrix a[kTiles], b;
    Left left[kTiles];
    Right right;
    Sum sum;
    for (int i = 0; i < kTiles; ++i) {
        Global from = tile(x, i);
        TASSIGN(a[i], (1 + i) * kBytes);
        TASSIGN(left[i], i * kBytes);
        TLOAD(a[i], from);
    }
    TASSIGN(b, 0);
    TASSIGN(right, 0);
    TASSIGN(sum, 0);
    TLOAD(b, y);
    set_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);
    TMOV(right, b);
    set_flag(PIPE_FIX, PIPE_M, EVENT_ID0);
    for (int i = 0; i < kTiles; ++i) {
        Global to = tile(z, i);
        TMOV(left[i], a[i]);
        set_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
        wait_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
        wait_flag(PIPE_FIX, PIPE_M, EVENT_ID0);
        TMATMUL(sum, left[i], right);
        set_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
        wait_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
        TSTORE(to, sum);
        set_flag(PIPE_FIX, PIPE_M, EVENT_ID0);
    }
    wait_flag(PIPE_FIX, PIPE_M, EVENT_ID0);  // drains
}

KERNEL(multiplies_a_product) {
    // z[0] = x[0] @ y[0] @ y[0]
    Matrix a, b, product;
    Left left;
    Right right;
    Sum sum;
    TASSIGN(a, 0);
    TASSIGN(b, kBytes);
    TASSIGN(product, 2 * kBytes);
    TASSIGN(left, 0);
    TASSIGN(right, 0);
    TASSIGN(sum, 0);
    TLOAD(a, x);
    TLOAD(b, y);
    set_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_MTE1, EVENT_ID0);
    TMOV(left, a);
    TMOV(right, b);
    set_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
    wait_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
    TMATMUL(sum, left, right);
    set_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
    wait_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
    TMOV(product, sum);
    set_flag(PIPE_FIX, PIPE_MTE1, EVENT_ID0);
    wait_flag(PIPE_FIX, PIPE_MTE1, EVENT_ID0);
    TMOV(left, product);
    set_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
    wait_flag(PIPE_MTE1, PIPE_M, EVENT_ID0);
    TMATMUL(sum, left, right);
    set_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
    wait_flag(PIPE_M, PIPE_FIX, EVENT_ID0);
    TSTORE(z, sum);
}
