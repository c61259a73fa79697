// The functions that a compiler calls under -fsanitize=thread, and the memory functions of C: they
// tell the engine which device memory a kernel reads and writes. Linked into each instrumented
// object, hidden from everything else; ThreadSanitizer's own library is not there.
//
// Until the engine has handed over its recorder, while static constructors run, nothing is told.
#include <stddef.h>
#include <stdint.h>

#include "callbacks_atomics.h"
#include "callbacks_core.h"

extern "C" {

__attribute__((visibility("default"))) void a2a3sim_use_recorder(a2a3_recorder* given) {
    recorder = given != nullptr ? given : &nothing;
}

void __tsan_init() {}

// Of kernels on PTO ISA alone; others have no calls of these.
void __tsan_func_entry(void* caller) {
    a2a3_core_recorder* const core = recorder->core;
    if (core == nullptr) return;
    const auto stack = reinterpret_cast<uint64_t>(__builtin_frame_address(0));
    if (core->depth > 0 || core->enter(CODE, caller, stack) != 0) ++core->depth;
}

void __tsan_func_exit() {
    a2a3_core_recorder* const core = recorder->core;
    if (core == nullptr) return;
    if (core->depth == 0 || --core->depth == 0) core->leave();
}

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

void a2a3sim_place(const a2a3_tile* tile) {
    if (recorder->core != nullptr) recorder->core->place(tile, CODE);
}

void a2a3sim_sync(int what, int source, int destination, int event) {
    a2a3_core_recorder* const core = recorder->core;
    if (core != nullptr) core->sync(what, source, destination, event, CODE);
}

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
