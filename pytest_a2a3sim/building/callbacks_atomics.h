// Atomic operations, which the callbacks perform.
#pragma once

#include "callbacks_core.h"

extern "C" {

// The simulated run is serial: the strictest order serves for all.
#define FETCH(bits, type, name, builtin, mode)                             \
    type __tsan_atomic##bits##_##name(volatile type* p, type value, int) { \
        const Atomic atomic(p, sizeof *p, mode, CODE);                     \
        return builtin(p, value, __ATOMIC_SEQ_CST);                        \
    }

#define ATOMICS(bits, type)                                                                       \
    type __tsan_atomic##bits##_load(const volatile type* p, int) {                                \
        const Atomic atomic(p, sizeof *p, A2A3_MODE_ATOMIC_LOAD, CODE);                           \
        return __atomic_load_n(p, __ATOMIC_SEQ_CST);                                              \
    }                                                                                             \
    void __tsan_atomic##bits##_store(volatile type* p, type value, int) {                         \
        const Atomic atomic(p, sizeof *p, A2A3_MODE_ATOMIC_OTHER, CODE);                          \
        __atomic_store_n(p, value, __ATOMIC_SEQ_CST);                                             \
    }                                                                                             \
    FETCH(bits, type, fetch_add, __atomic_fetch_add, A2A3_MODE_ATOMIC_ADD)                        \
    FETCH(bits, type, fetch_sub, __atomic_fetch_sub, A2A3_MODE_ATOMIC_ADD)                        \
    FETCH(bits, type, fetch_and, __atomic_fetch_and, A2A3_MODE_ATOMIC_OTHER)                      \
    FETCH(bits, type, fetch_or, __atomic_fetch_or, A2A3_MODE_ATOMIC_OTHER)                        \
    FETCH(bits, type, fetch_xor, __atomic_fetch_xor, A2A3_MODE_ATOMIC_OTHER)                      \
    FETCH(bits, type, fetch_nand, __atomic_fetch_nand, A2A3_MODE_ATOMIC_OTHER)                    \
    FETCH(bits, type, exchange, __atomic_exchange_n, A2A3_MODE_ATOMIC_OTHER)                      \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile type* p, type* expected,           \
                                                      type value, int, int) {                     \
        const Atomic atomic(p, sizeof *p, A2A3_MODE_ATOMIC_CONDITIONAL, CODE);                    \
        return __atomic_compare_exchange_n(p, expected, value, 0, __ATOMIC_SEQ_CST,               \
                                           __ATOMIC_SEQ_CST);                                     \
    }                                                                                             \
    int __tsan_atomic##bits##_compare_exchange_weak(volatile type* p, type* expected, type value, \
                                                    int, int) {                                   \
        const Atomic atomic(p, sizeof *p, A2A3_MODE_ATOMIC_CONDITIONAL, CODE);                    \
        return __atomic_compare_exchange_n(p, expected, value, 0, __ATOMIC_SEQ_CST,               \
                                           __ATOMIC_SEQ_CST);                                     \
    }                                                                                             \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type* p, type expected, type value,  \
                                                    int, int) {                                   \
        const Atomic atomic(p, sizeof *p, A2A3_MODE_ATOMIC_CONDITIONAL, CODE);                    \
        __atomic_compare_exchange_n(p, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);  \
        return expected;                                                                          \
    }

ATOMICS(8, uint8_t)
ATOMICS(16, uint16_t)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)

#if defined(__SIZEOF_INT128__)
// Without a library for it: the run is serial, so that plain operations are atomic.
using Wide = unsigned __int128;

#define WIDE_FETCH(name, expression, mode)                            \
    Wide __tsan_atomic128_##name(volatile Wide* p, Wide value, int) { \
        const Atomic atomic(p, sizeof *p, mode, CODE);                \
        const Wide before = *p;                                       \
        *p = (expression);                                            \
        return before;                                                \
    }

WIDE_FETCH(fetch_add, before + value, A2A3_MODE_ATOMIC_CONDITIONAL)
WIDE_FETCH(fetch_sub, before - value, A2A3_MODE_ATOMIC_ADD)
WIDE_FETCH(fetch_and, before& value, A2A3_MODE_ATOMIC_OTHER)
WIDE_FETCH(fetch_or, before | value, A2A3_MODE_ATOMIC_OTHER)
WIDE_FETCH(fetch_xor, before ^ value, A2A3_MODE_ATOMIC_OTHER)
WIDE_FETCH(fetch_nand, ~(before& value), A2A3_MODE_ATOMIC_OTHER)
WIDE_FETCH(exchange, value, A2A3_MODE_ATOMIC_OTHER)

Wide __tsan_atomic128_load(const volatile Wide* p, int) {
    const Atomic atomic(p, sizeof *p, A2A3_MODE_ATOMIC_LOAD, CODE);
    return *p;
}
void __tsan_atomic128_store(volatile Wide* p, Wide value, int) {
    const Atomic atomic(p, sizeof *p, A2A3_MODE_ATOMIC_OTHER, CODE);
    *p = value;
}
int __tsan_atomic128_compare_exchange_strong(volatile Wide* p, Wide* expected, Wide value, int,
                                             int) {
    const Atomic atomic(p, sizeof *p, A2A3_MODE_ATOMIC_CONDITIONAL, CODE);
    const Wide before = *p;
    const bool equal = before == *expected;
    if (equal) *p = value;
    *expected = before;
    return equal;
}
int __tsan_atomic128_compare_exchange_weak(volatile Wide* p, Wide* expected, Wide value, int, int) {
    const Atomic atomic(p, sizeof *p, A2A3_MODE_ATOMIC_CONDITIONAL, CODE);
    const Wide before = *p;
    const bool equal = before == *expected;
    if (equal) *p = value;
    *expected = before;
    return equal;
}
Wide __tsan_atomic128_compare_exchange_val(volatile Wide* p, Wide expected, Wide value, int, int) {
    const Atomic atomic(p, sizeof *p, A2A3_MODE_ATOMIC_CONDITIONAL, CODE);
    const Wide before = *p;
    if (before == expected) *p = value;
    return before;
}
#endif

}  // extern "C"
