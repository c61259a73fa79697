// Executes a task's program: steps that move, fill or add bytes, each by one means.
//
//   args[0]  program  (steps,)  Step, in
//   args[1]  steps
//   args[2]  fill     the byte that the task writes
//
// Each means is a function of its own that is not inlined, so that one compiler's view of it never
// depends on the program.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <utility>

#include "step.h"

namespace {

constexpr size_t kLargest = 64;  // bytes of a step; LARGEST of task_graphs.py

template <typename Bits>
struct Unit {
    Bits bits;
};
template <typename Bits>
struct [[gnu::packed]] Misaligned {
    Bits bits;
};
template <size_t words>
struct Words {
    uint64_t word[words];
};
struct Half {
    uint16_t bits;
};
struct Triple {
    uint32_t word[3];
};
typedef uint8_t Vector16 __attribute__((vector_size(16)));
typedef uint8_t Vector32 __attribute__((vector_size(32)));

template <typename T>
[[gnu::noinline]] void move_as(uint8_t* to, const uint8_t* from, size_t size) {
    auto* const target = reinterpret_cast<T*>(to);
    const auto* const source = reinterpret_cast<const T*>(from);
    for (size_t i = 0; i < size / sizeof(T); ++i) target[i].bits = source[i].bits;
}

template <typename T>
[[gnu::noinline]] void assign(uint8_t* to, const uint8_t* from, size_t size) {
    auto* const target = reinterpret_cast<T*>(to);
    const auto* const source = reinterpret_cast<const T*>(from);
    for (size_t i = 0; i < size / sizeof(T); ++i) target[i] = source[i];
}

template <typename T>
[[gnu::noinline]] T pass(T value) {
    asm volatile("" : : "r"(&value) : "memory");
    return value;
}

template <typename T>
[[gnu::noinline]] void move_by_value(uint8_t* to, const uint8_t* from, size_t size) {
    auto* const target = reinterpret_cast<T*>(to);
    const auto* const source = reinterpret_cast<const T*>(from);
    for (size_t i = 0; i < size / sizeof(T); ++i) target[i] = pass(source[i]);
}

template <typename T>
[[gnu::noinline]] void move_atomically(uint8_t* to, const uint8_t* from, size_t size) {
    auto* const target = reinterpret_cast<T*>(to);
    const auto* const source = reinterpret_cast<const T*>(from);
    for (size_t i = 0; i < size / sizeof(T); ++i) {
        __atomic_store_n(target + i, __atomic_load_n(source + i, __ATOMIC_ACQUIRE),
                         __ATOMIC_RELEASE);
    }
}

/// Calls memcpy or its like with a size that is a constant where it is called.
template <typename Call, size_t... sizes>
void with_constant(size_t size, Call call, std::index_sequence<sizes...>) {
    (void)((size == sizes && (call(std::integral_constant<size_t, sizes>()), true)) || ...);
}
using UpToLargest = std::make_index_sequence<kLargest + 1>;

[[gnu::noinline]] void memcpy_constant(uint8_t* to, const uint8_t* from, size_t size) {
    with_constant(size, [=](auto constant) { std::memcpy(to, from, constant); }, UpToLargest());
}

[[gnu::noinline]] void memmove_constant(uint8_t* to, const uint8_t* from, size_t size) {
    with_constant(size, [=](auto constant) { std::memmove(to, from, constant); }, UpToLargest());
}

[[gnu::noinline]] void memset_constant(uint8_t* to, uint8_t value, size_t size) {
    with_constant(size, [=](auto constant) { std::memset(to, value, constant); }, UpToLargest());
}

[[gnu::noinline]] void memcpy_variable(uint8_t* to, const uint8_t* from, size_t size) {
    std::memcpy(to, from, size);
}

[[gnu::noinline]] void memmove_variable(uint8_t* to, const uint8_t* from, size_t size) {
    std::memmove(to, from, size);
}

[[gnu::noinline]] void memset_variable(uint8_t* to, uint8_t value, size_t size) {
    std::memset(to, value, size);
}

template <typename T>
[[gnu::noinline]] void std_copy(uint8_t* to, const uint8_t* from, size_t size) {
    const auto* const source = reinterpret_cast<const T*>(from);
    std::copy(source, source + size / sizeof(T), reinterpret_cast<T*>(to));
}

/// The value whose bytes are all the same.
template <typename T>
T repeated(uint8_t value) {
    return static_cast<T>(value * 0x0101010101010101);
}

template <typename T>
[[gnu::noinline]] void std_fill(uint8_t* to, uint8_t value, size_t size) {
    auto* const target = reinterpret_cast<T*>(to);
    std::fill(target, target + size / sizeof(T), repeated<T>(value));
}

/// Stores that no compiler instruments.
[[gnu::noinline]] void assembly_bytes(uint8_t* to, uint8_t value, size_t size) {
#ifdef __x86_64__
    asm volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
#else
    for (; size > 0; --size, ++to) asm volatile("strb %w0, [%1]" ::"r"(value), "r"(to) : "memory");
#endif
}

[[gnu::noinline]] void assembly_words(uint8_t* to, uint8_t value, size_t size) {
    const auto word = repeated<uint64_t>(value);
    for (; size >= sizeof word; size -= sizeof word, to += sizeof word) {
#ifdef __x86_64__
        asm volatile("movq %0, (%1)" ::"r"(word), "r"(to) : "memory");
#else
        asm volatile("str %0, [%1]" ::"r"(word), "r"(to) : "memory");
#endif
    }
}

[[gnu::noinline]] void streaming(uint8_t* to, uint8_t value, size_t size) {
#ifdef __x86_64__
    for (size_t i = 0; i < size; i += sizeof(int)) {
        __builtin_ia32_movnti(reinterpret_cast<int*>(to + i), repeated<int>(value));
    }
#else
    assembly_bytes(to, value, size);
#endif
}

/// Adds one to each byte. No byte is ever 0xff, so that there is no carry.
template <typename T>
[[gnu::noinline]] void add(uint8_t* to, size_t size) {
    auto* const target = reinterpret_cast<T*>(to);
    for (size_t i = 0; i < size / sizeof(T); ++i) {
        __atomic_fetch_add(target + i, repeated<T>(1), __ATOMIC_RELAXED);
    }
}

[[gnu::noinline]] void add_by_reference(uint8_t* to, size_t size) {
    auto* const target = reinterpret_cast<uint32_t*>(to);
    for (size_t i = 0; i < size / sizeof *target; ++i) {
        std::atomic_ref(target[i]).fetch_add(repeated<uint32_t>(1));
    }
}

void execute(const Step& step, uint8_t fill) {
    alignas(64) uint8_t elsewhere[kLargest];
    std::memset(elsewhere, fill, sizeof elsewhere);
    uint8_t* const to = step.write != nullptr ? step.write : elsewhere;
    const uint8_t* const from = step.read != nullptr ? step.read : elsewhere;
    const size_t size = step.size;
    switch (step.means) {
        case Means::kBytes:
            return move_as<Unit<uint8_t>>(to, from, size);
        case Means::kWords32:
            return move_as<Unit<uint32_t>>(to, from, size);
        case Means::kWords64:
            return move_as<Unit<uint64_t>>(to, from, size);
        case Means::kMisaligned32:
            return move_as<Misaligned<uint32_t>>(to, from, size);
        case Means::kMisaligned64:
            return move_as<Misaligned<uint64_t>>(to, from, size);
        case Means::kVector16:
            return move_as<Unit<Vector16>>(to, from, size);
        case Means::kVector32:
            return move_as<Unit<Vector32>>(to, from, size);
        case Means::kMisalignedVector16:
            return move_as<Misaligned<Vector16>>(to, from, size);
        case Means::kMisalignedVector32:
            return move_as<Misaligned<Vector32>>(to, from, size);
        case Means::kStruct12:
            return assign<Triple>(to, from, size);
        case Means::kStruct40:
            return assign<Words<5>>(to, from, size);
        case Means::kHalfByValue:
            return move_by_value<Half>(to, from, size);
        case Means::kStruct12ByValue:
            return move_by_value<Triple>(to, from, size);
        case Means::kStruct16ByValue:
            return move_by_value<Words<2>>(to, from, size);
        case Means::kStruct40ByValue:
            return move_by_value<Words<5>>(to, from, size);
        case Means::kMemcpyConstant:
            return memcpy_constant(to, from, size);
        case Means::kMemcpyVariable:
            return memcpy_variable(to, from, size);
        case Means::kMemmoveConstant:
            return memmove_constant(to, from, size);
        case Means::kMemmoveVariable:
            return memmove_variable(to, from, size);
        case Means::kStdCopyBytes:
            return std_copy<uint8_t>(to, from, size);
        case Means::kStdCopyWords:
            return std_copy<uint32_t>(to, from, size);
        case Means::kAtomicBytes:
            return move_atomically<uint8_t>(to, from, size);
        case Means::kAtomicWords:
            return move_atomically<uint32_t>(to, from, size);
        case Means::kMemsetConstant:
            return memset_constant(to, fill, size);
        case Means::kMemsetVariable:
            return memset_variable(to, fill, size);
        case Means::kStdFillBytes:
            return std_fill<uint8_t>(to, fill, size);
        case Means::kStdFillWords:
            return std_fill<uint64_t>(to, fill, size);
        case Means::kAssemblyBytes:
            return assembly_bytes(to, fill, size);
        case Means::kAssemblyWords:
            return assembly_words(to, fill, size);
        case Means::kStreaming:
            return streaming(to, fill, size);
        case Means::kAdd8:
            return add<uint8_t>(to, size);
        case Means::kAdd16:
            return add<uint16_t>(to, size);
        case Means::kAdd32:
            return add<uint32_t>(to, size);
        case Means::kAdd64:
            return add<uint64_t>(to, size);
        case Means::kAddByReference:
            return add_by_reference(to, size);
    }
}

}  // namespace

extern "C" void kernel_entry(int64_t* args) {
    const auto* const program = reinterpret_cast<const Step*>(args[0]);
    for (int64_t i = 0; i < args[1]; ++i) execute(program[i], static_cast<uint8_t>(args[2]));
}
