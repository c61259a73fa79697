// Scalar code runs ahead of the pipes, and beside them.
#include "kernels.h"

#define TILES      \
    Vector a, b;   \
    TASSIGN(a, 0); \
    TASSIGN(b, kBytes)

#define ORDER(source, destination)                          \
    set_flag(PIPE_##source, PIPE_##destination, EVENT_ID0); \
    wait_flag(PIPE_##source, PIPE_##destination, EVENT_ID0)

KERNEL(scalar_reads_what_is_being_computed) {
    // z[0] = np.full((16, 16), 7)
    TILES;
    TEXPANDS(a, 7);                     // first
    const float value = a.GetValue(3);  // second
    TEXPANDS(b, value);
    ORDER(V, MTE3);
    TSTORE(z, b);
}

KERNEL(scalar_reads_what_is_being_loaded) {
    // z[0] = np.full((16, 16), x[0][0, 3])
    TILES;
    TLOAD(a, x);                      // first
    const float value = a.data()[3];  // second
    TEXPANDS(b, value);
    ORDER(V, MTE3);
    TSTORE(z, b);
}

KERNEL(scalar_reads_what_is_being_stored) {
    // z[0] = np.full((16, 16), 7)
    // z[1][0, 0] = 7
    TILES;
    TEXPANDS(b, 7);
    ORDER(V, MTE3);
    TSTORE(z, b);                     // first
    const float value = z.data()[3];  // second
    z.data()[256] = value;
}

KERNEL(scalar_writes_what_is_being_read) {
    // z[0] = x[0] + 1
    TILES;
    TLOAD(a, x);
    ORDER(MTE2, V);
    ORDER(MTE2, S);
    TADDS(b, a, 1);    // first
    a.SetValue(3, 5);  // second
    ORDER(V, MTE3);
    TSTORE(z, b);
}

KERNEL(vector_reads_what_scalar_code_writes) {
    // z[0] = np.full((16, 16), 6)
    TILES;
    float* const elements = &a.data()[0];
    for (int i = 0; i < 256; ++i) {
        elements[i] = 5;  // first
    }
    TADDS(b, a, 1);  // second
    ORDER(V, MTE3);
    TSTORE(z, b);
}

KERNEL(store_reads_what_scalar_code_writes) {
    // z[0] = x[0]
    // z[0][0, 3] = 5
    TILES;
    TLOAD(b, x);
    ORDER(MTE2, S);
    b.SetValue(3, 5);  // first
    ORDER(MTE2, MTE3);
    TSTORE(z, b);  // second
}
