// Each of these is right apart from how its flags are paired.
#include "kernels.h"

#define TILES      \
    Vector a, b;   \
    TASSIGN(a, 0); \
    TASSIGN(b, kBytes)

KERNEL(flag_set_in_one_branch) {
    // z[0] = x[0] + choice
    TILES;
    TLOAD(a, x);
    pipe_barrier(PIPE_ALL);
    if (choice != 0) {
        set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    }
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);  // first
    TADDS(b, a, choice);
    pipe_barrier(PIPE_ALL);
    TSTORE(z, b);
}

KERNEL(flag_that_nobody_waits_for) {
    // z[0] = x[0] + 1
    TILES;
    TLOAD(a, x);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID2);  // first
    pipe_barrier(PIPE_ALL);
    TADDS(b, a, 1);
    pipe_barrier(PIPE_ALL);
    TSTORE(z, b);
}

KERNEL(flag_set_twice) {
    // z[0] = x[0] + 1
    TILES;
    TLOAD(a, x);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID1);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID1);  // first
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID1);
    TADDS(b, a, 1);
    pipe_barrier(PIPE_ALL);
    TSTORE(z, b);
}

KERNEL(wait_for_another_event) {
    // z[0] = x[0] + 1
    TILES;
    TLOAD(a, x);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);   // first
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID1);  // second
    TADDS(b, a, 1);
    pipe_barrier(PIPE_ALL);
    TSTORE(z, b);
}

KERNEL(wait_in_the_other_direction) {
    // z[0] = x[0] + 1
    TILES;
    TLOAD(a, x);                              // first
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);   // second
    wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);  // third
    TADDS(b, a, 1);                           // fourth
    pipe_barrier(PIPE_ALL);
    TSTORE(z, b);
}

KERNEL(flags_left_over_by_a_loop) {
    // z[:] = x[:] + 1
    TILES;
    set_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID4);
    for (int i = 0; i < kTiles; ++i) {
        Global from = tile(x, i);
        Global to = tile(z, i);
        wait_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID4);
        TLOAD(a, from);
        set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
        wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
        TADDS(b, a, 1);
        set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
        wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
        TSTORE(to, b);
        set_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID4);  // first
    }
}

KERNEL(ping_pong_with_one_event) {
    // z[:] = x[:] + 1
    Vector buffers[2];
    TASSIGN(buffers[0], 0);
    TASSIGN(buffers[1], kBytes);
    for (int i = 0; i <= kTiles; ++i) {
        if (i < kTiles) {
            Global from = tile(x, i);
            if (i >= 2) {
                wait_flag(PIPE_MTE3, PIPE_MTE2, i % 2);
            }
            TLOAD(buffers[i % 2], from);
            set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);  // first
        }
        if (i == 0) continue;
        Global to = tile(z, i - 1);
        Vector& buffer = buffers[(i - 1) % 2];
        wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);  // second
        TADDS(buffer, buffer, 1);
        set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
        wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
        TSTORE(to, buffer);
        if (i + 1 < kTiles) {
            set_flag(PIPE_MTE3, PIPE_MTE2, (i - 1) % 2);
        }
    }
}

KERNEL(buffer_released_before_it_is_stored) {
    // z[:] = x[:] + 1
    TILES;
    for (int i = 0; i < kTiles; ++i) {
        Global from = tile(x, i);
        Global to = tile(z, i);
        if (i > 0) {
            wait_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID0);
        }
        TLOAD(b, from);  // second
        set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
        wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
        TADDS(b, b, 1);
        set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
        wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
        if (i + 1 < kTiles) {
            set_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID0);
        }
        TSTORE(to, b);  // first
    }
}
