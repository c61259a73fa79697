// The functions that a compiler calls under -fsanitize=thread, and the memory functions of C: they
// tell the engine which device memory a kernel reads and writes. Linked into each instrumented
// object, hidden from everything else; ThreadSanitizer's own library is not there.
//
// Until the engine has handed over its recorder, while static constructors run, nothing is told.
#include <stddef.h>
#include <stdint.h>

#include "a2a3sim/recorder.h"

#define CODE __builtin_return_address(0)

namespace {

a2a3_recorder nothing{};
a2a3_recorder* recorder = &nothing;

using Bytes = unsigned char;

template <typename T>
uint64_t address_of(T* pointer) {
    return reinterpret_cast<uint64_t>(pointer);
}

/// Whether a state is the running task's, and its accesses include the wanted one.
inline bool is_known(a2a3_byte_state state, int32_t first, a2a3_byte_state wanted) {
    return static_cast<int32_t>(state) >= first && (state & wanted) != 0;
}

/// Whether an access of bytes in one granule would tell nothing new.
inline bool is_known_in_granule(const a2a3_recorder& to, uint64_t offset, uint64_t size,
                                a2a3_byte_state wanted) {
    const a2a3_byte_state state = to.granules[offset >> A2A3_GRANULE_SHIFT];
    if (is_known(state, to.first, wanted)) return true;
    if (state != A2A3_MIXED) return false;
    for (uint64_t i = offset; i < offset + size; ++i) {
        if (!is_known(to.bytes[i], to.first, wanted)) return false;
    }
    return true;
}

bool is_known_in_range(const a2a3_recorder& to, uint64_t offset, uint64_t size,
                       a2a3_byte_state wanted) {
    while (size > 0) {
        const uint64_t left = A2A3_GRANULE - offset % A2A3_GRANULE;
        const uint64_t part = size < left ? size : left;
        if (!is_known_in_granule(to, offset, part, wanted)) return false;
        offset += part;
        size -= part;
    }
    return true;
}

/// Whether a shortcut has given a granule its new state.
inline bool take(a2a3_shortcut& shortcut, a2a3_byte_state& state, uint64_t offset) {
    if (state != shortcut.from || offset < shortcut.begin || offset >= shortcut.end) return false;
    state = shortcut.to;
    ++shortcut.granules;
    if (offset < shortcut.lowest) shortcut.lowest = offset;
    if (offset > shortcut.highest) shortcut.highest = offset;
    return true;
}

/// An access that the shadow does not know, or not at once.
__attribute__((noinline)) void access_slowly(uint64_t address, uint64_t size, int32_t mode,
                                             a2a3_byte_state wanted, const void* code) {
    a2a3_recorder& to = *recorder;
    const uint64_t offset = address - to.begin;
    if (offset < to.size && size <= to.size - offset) {
        ++to.accesses[0];
        if (size == A2A3_GRANULE && offset % A2A3_GRANULE == 0) {
            a2a3_shortcut* const shortcuts =
                mode == A2A3_MODE_READ ? to.read_shortcuts : to.write_shortcuts;
            if (take(shortcuts[(offset >> A2A3_WINDOW_SHIFT) % A2A3_SHORTCUTS],
                     to.granules[offset >> A2A3_GRANULE_SHIFT], offset)) {
                return;
            }
        }
        if (is_known_in_range(to, offset, size, wanted)) return;
    } else if (address - to.host_begin >= to.host_size) {
        return;
    }
    to.record(address, size, mode, code);
}

inline void access(uint64_t address, uint64_t size, int32_t mode, a2a3_byte_state wanted,
                   const void* code) {
    a2a3_recorder& to = *recorder;
    const uint64_t offset = address - to.begin;
    const uint64_t granule = offset >> A2A3_GRANULE_SHIFT;
    if (__builtin_expect(offset < to.size && offset % A2A3_GRANULE + size <= A2A3_GRANULE &&
                             is_known(to.granules[granule], to.first, wanted),
                         1)) {
        ++to.accesses[granule % A2A3_COUNTERS];
        return;
    }
    access_slowly(address, size, mode, wanted, code);
}

inline void read(const void* from, uint64_t size, const void* code) {
    access(address_of(from), size, A2A3_MODE_READ, A2A3_STATE_READ, code);
}

inline void write(const void* to, uint64_t size, const void* code) {
    access(address_of(to), size, A2A3_MODE_WRITE, A2A3_STATE_WRITTEN, code);
}

/// An atomic access, told before it and, if it changes something, after it.
class Atomic {
  public:
    Atomic(const volatile void* what, uint64_t size, int32_t mode, const void* code)
        : address_(address_of(what)), size_(size), mode_(mode) {
        a2a3_recorder& to = *recorder;
        is_on_device_ = address_ - to.begin < to.size;
        to.accesses[0] += is_on_device_;
        if (is_on_device_ || address_ - to.host_begin < to.host_size) {
            to.record(address_, size_, mode_, code);
        }
    }
    ~Atomic() {
        if (is_on_device_ && mode_ != A2A3_MODE_ATOMIC_LOAD) recorder->changed(address_, size_);
    }

  private:
    const uint64_t address_;
    const uint64_t size_;
    const int32_t mode_;
    bool is_on_device_;
};

}  // namespace

extern "C" {

__attribute__((visibility("default"))) void a2a3sim_use_recorder(a2a3_recorder* given) {
    recorder = given != nullptr ? given : &nothing;
}

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_ignore_thread_begin() {}
void __tsan_ignore_thread_end() {}
void __tsan_vptr_update(void** pointer, void*) { write(pointer, sizeof *pointer, CODE); }
void __tsan_vptr_read(void** pointer) { read(pointer, sizeof *pointer, CODE); }
void __tsan_read_range(void* from, unsigned long size) { read(from, size, CODE); }
void __tsan_write_range(void* to, unsigned long size) { write(to, size, CODE); }

#define ACCESSES(size)                                                            \
    void __tsan_read##size(void* p) { read(p, size, CODE); }                      \
    void __tsan_write##size(void* p) { write(p, size, CODE); }                    \
    void __tsan_unaligned_read##size(void* p) { read(p, size, CODE); }            \
    void __tsan_unaligned_write##size(void* p) { write(p, size, CODE); }          \
    void __tsan_volatile_read##size(void* p) { read(p, size, CODE); }             \
    void __tsan_volatile_write##size(void* p) { write(p, size, CODE); }           \
    void __tsan_unaligned_volatile_read##size(void* p) { read(p, size, CODE); }   \
    void __tsan_unaligned_volatile_write##size(void* p) { write(p, size, CODE); } \
    void __tsan_read_write##size(void* p) {                                       \
        read(p, size, CODE);                                                      \
        write(p, size, CODE);                                                     \
    }                                                                             \
    void __tsan_unaligned_read_write##size(void* p) {                             \
        read(p, size, CODE);                                                      \
        write(p, size, CODE);                                                     \
    }

ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

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

void __tsan_atomic_thread_fence(int) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
void __tsan_atomic_signal_fence(int) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }

// A loop of these would be compiled to a call of themselves, but for the flags of this file.
void* memcpy(void* to, const void* from, size_t size) {
    if (size == 0) return to;
    read(from, size, CODE);
    write(to, size, CODE);
    auto* target = static_cast<Bytes*>(to);
    const auto* source = static_cast<const Bytes*>(from);
    for (size_t i = 0; i < size; ++i) target[i] = source[i];
    return to;
}

void* memmove(void* to, const void* from, size_t size) {
    if (size == 0) return to;
    read(from, size, CODE);
    write(to, size, CODE);
    auto* target = static_cast<Bytes*>(to);
    const auto* source = static_cast<const Bytes*>(from);
    if (address_of(target) - address_of(source) >= size) {
        for (size_t i = 0; i < size; ++i) target[i] = source[i];
    } else {
        for (size_t i = size; i > 0; --i) target[i - 1] = source[i - 1];
    }
    return to;
}

void* memset(void* to, int value, size_t size) {
    if (size == 0) return to;
    write(to, size, CODE);
    auto* target = static_cast<Bytes*>(to);
    for (size_t i = 0; i < size; ++i) target[i] = static_cast<Bytes>(value);
    return to;
}

/// A library's may read less than all, or more.
int memcmp(const void* a, const void* b, size_t size) {
    const auto* first = static_cast<const Bytes*>(a);
    const auto* second = static_cast<const Bytes*>(b);
    size_t equal = 0;
    while (equal < size && first[equal] == second[equal]) ++equal;
    if (size == 0) return 0;
    read(first, equal < size ? equal + 1 : size, CODE);
    read(second, equal < size ? equal + 1 : size, CODE);
    return equal == size ? 0 : first[equal] - second[equal];
}

// What clang calls where the source has no call: for structures.
__attribute__((alias("memcpy"))) void* __tsan_memcpy(void* to, const void* from, size_t size);
__attribute__((alias("memmove"))) void* __tsan_memmove(void* to, const void* from, size_t size);
__attribute__((alias("memset"))) void* __tsan_memset(void* to, int value, size_t size);

}  // extern "C"
