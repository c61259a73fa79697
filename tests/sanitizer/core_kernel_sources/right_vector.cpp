#include "kernels.h"

KERNEL(adds_with_flags) {
    // z[0] = x[0] + y[0]
    Vector a, b, c;
    TASSIGN(a, 0);
    TASSIGN(b, kBytes);
    TASSIGN(c, 2 * kBytes);
    TLOAD(a, x);
    TLOAD(b, y);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    TADD(c, a, b);
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    TSTORE(z, c);
}

KERNEL(adds_with_barriers) {
    // z[0] = x[0] + y[0]
    Vector a, b, c;
    TASSIGN(a, 0);
    TASSIGN(b, kBytes);
    TASSIGN(c, 2 * kBytes);
    TLOAD(a, x);
    TLOAD(b, y);
    pipe_barrier(PIPE_ALL);
    TADD(c, a, b);
    pipe_barrier(PIPE_ALL);
    TSTORE(z, c);
}

KERNEL(dependent_vectors) {
    // z[0] = np.exp((x[0] + 1) * x[0])
    Vector a, b, c;
    TASSIGN(a, 0);
    TASSIGN(b, kBytes);
    TASSIGN(c, 2 * kBytes);
    TLOAD(a, x);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    TEXPANDS(b, 1);
    pipe_barrier(PIPE_V);
    TADD(b, a, b);
    pipe_barrier(PIPE_V);
    TMUL(c, a, b);
    pipe_barrier(PIPE_V);
    TEXP(c, c);
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    TSTORE(z, c);
}

KERNEL(vector_is_written_after_it_was_read) {
    // z[0] = x[0] + y[0]
    // z[1] = y[0] + 1
    Vector a, b, c;
    Global next = tile(z, 1);
    TASSIGN(a, 0);
    TASSIGN(b, kBytes);
    TASSIGN(c, 2 * kBytes);
    TLOAD(a, x);
    TLOAD(b, y);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID3);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID3);
    TADD(c, a, b);
    TADDS(a, b, 1);
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID7);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID7);
    TSTORE(z, c);
    TSTORE(next, a);
}

KERNEL(one_buffer_in_a_loop) {
    // z[:] = x[:] + 1
    Vector a, b;
    TASSIGN(a, 0);
    TASSIGN(b, kBytes);
    set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);
    set_flag(PIPE_MTE3, PIPE_V, EVENT_ID0);
    for (int i = 0; i < kTiles; ++i) {
        Global from = tile(x, i);
        Global to = tile(z, i);
        wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);
        TLOAD(a, from);
        set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
        wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
        wait_flag(PIPE_MTE3, PIPE_V, EVENT_ID0);
        TADDS(b, a, 1);
        set_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);
        set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
        wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
        TSTORE(to, b);
        set_flag(PIPE_MTE3, PIPE_V, EVENT_ID0);
    }
    wait_flag(PIPE_V, PIPE_MTE2, EVENT_ID0);  // drains
    wait_flag(PIPE_MTE3, PIPE_V, EVENT_ID0);  // drains
}

KERNEL(ping_pong_with_two_events) {
    // z[:] = x[:] + 1
    Vector buffers[2];
    TASSIGN(buffers[0], 0);
    TASSIGN(buffers[1], kBytes);
    set_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID0);
    set_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID1);
    for (int i = 0; i <= kTiles; ++i) {
        if (i < kTiles) {
            Global from = tile(x, i);
            const event_t event = i % 2;
            wait_flag(PIPE_MTE3, PIPE_MTE2, event);
            TLOAD(buffers[event], from);
            set_flag(PIPE_MTE2, PIPE_V, event);
        }
        if (i == 0) continue;
        Global to = tile(z, i - 1);
        const event_t event = (i - 1) % 2;
        wait_flag(PIPE_MTE2, PIPE_V, event);
        TADDS(buffers[event], buffers[event], 1);
        set_flag(PIPE_V, PIPE_MTE3, event);
        wait_flag(PIPE_V, PIPE_MTE3, event);
        TSTORE(to, buffers[event]);
        set_flag(PIPE_MTE3, PIPE_MTE2, event);
    }
    wait_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID0);  // drains
    wait_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID1);  // drains
}

KERNEL(ping_pong_in_turn) {
    // z[:] = x[:] + 1
    Vector buffers[2];
    TASSIGN(buffers[0], 0);
    TASSIGN(buffers[1], kBytes);
    for (int i = 0; i < kTiles; ++i) {
        Global from = tile(x, i);
        Global to = tile(z, i);
        Vector& buffer = buffers[i % 2];
        if (i >= 2) {
            wait_flag(PIPE_MTE3, PIPE_MTE2, i % 2);
        }
        TLOAD(buffer, from);
        set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
        wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
        TADDS(buffer, buffer, 1);
        set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
        wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
        TSTORE(to, buffer);
        if (i + 2 < kTiles) {
            set_flag(PIPE_MTE3, PIPE_MTE2, i % 2);
        }
    }
}

KERNEL(stores_and_loads_again) {
    // z[0] = x[0]
    // z[1] = x[0] + 1
    Vector a, b;
    Global next = tile(z, 1);
    TASSIGN(a, 0);
    TASSIGN(b, kBytes);
    TLOAD(a, x);
    set_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_MTE3, EVENT_ID0);
    TSTORE(z, a);
    set_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID0);
    wait_flag(PIPE_MTE3, PIPE_MTE2, EVENT_ID0);
    TLOAD(b, z);
    set_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    wait_flag(PIPE_MTE2, PIPE_V, EVENT_ID0);
    TADDS(b, b, 1);
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID0);
    TSTORE(next, b);
}
