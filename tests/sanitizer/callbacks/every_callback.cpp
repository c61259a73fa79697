// Makes a compiler call each function of its thread sanitizer that it knows.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

namespace {

struct Base {
    virtual ~Base() = default;
    virtual int value() const { return 1; }
};

struct Derived : Base {
    int value() const override { return number; }
    int number = 2;
};

template <typename T>
struct [[gnu::packed]] Misaligned {
    T bits;
};

struct Large {
    uint8_t bytes[100];
};

template <typename T>
[[gnu::noinline]] void access(T* at) {
    at[0] = at[1];
    at[2] += 1;
    auto* const misaligned =
        reinterpret_cast<Misaligned<T>*>(reinterpret_cast<uint8_t*>(at + 3) + 1);
    misaligned[0].bits = misaligned[1].bits;
    misaligned[2].bits += 1;
    auto* const changing = static_cast<volatile T*>(at + 7);
    changing[0] = changing[1];
}

template <typename T>
[[gnu::noinline]] void access_atomically(T* at) {
    T expected = __atomic_load_n(at, __ATOMIC_ACQUIRE);
    __atomic_store_n(at + 1, expected, __ATOMIC_RELEASE);
    at[2] = __atomic_exchange_n(at, expected, __ATOMIC_SEQ_CST);
    at[3] = __atomic_fetch_add(at, expected, __ATOMIC_SEQ_CST);
    at[4] = __atomic_fetch_sub(at, expected, __ATOMIC_SEQ_CST);
    at[5] = __atomic_fetch_and(at, expected, __ATOMIC_SEQ_CST);
    at[6] = __atomic_fetch_or(at, expected, __ATOMIC_SEQ_CST);
    at[7] = __atomic_fetch_xor(at, expected, __ATOMIC_SEQ_CST);
    at[8] = __atomic_fetch_nand(at, expected, __ATOMIC_SEQ_CST);
    at[9] = __atomic_compare_exchange_n(at, &expected, at[10], false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED);
    at[11] = __atomic_compare_exchange_n(at, &expected, at[10], true, __ATOMIC_SEQ_CST,
                                         __ATOMIC_RELAXED);
    at[12] = __sync_val_compare_and_swap(at, at[10], expected);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

[[gnu::noinline]] int use(const Base* object) { return object->value(); }

[[gnu::noinline]] Large copy(Large* to, const Large* from) {
    *to = *from;
    to[3] = Large{};
    return *from;
}

[[gnu::noinline]] void use_memory_functions(uint8_t* to, const uint8_t* from, size_t size) {
    memcpy(to, from, size);
    memmove(to, from, size);
    memset(to, 1, size);
    __builtin_memcpy(to, from, 16);
    __builtin_memmove(to, from, 24);
    __builtin_memset(to, 0, 40);
}

template <typename T>
void access_both_ways(uint8_t* at) {
    access(reinterpret_cast<T*>(at));
    access_atomically(reinterpret_cast<T*>(at));
}

}  // namespace

extern "C" void kernel_entry(int64_t* args) {
    auto* const at = reinterpret_cast<uint8_t*>(args[0]);
    access_both_ways<uint8_t>(at);
    access_both_ways<uint16_t>(at);
    access_both_ways<uint32_t>(at);
    access_both_ways<uint64_t>(at);
    access(reinterpret_cast<long double*>(at));
#ifdef __SIZEOF_INT128__
    access(reinterpret_cast<unsigned __int128*>(at));
#ifdef __x86_64__  // with -mcx16
    access_atomically(reinterpret_cast<unsigned __int128*>(at));
#endif
#endif
    auto* const object = new (at) Derived;
    args[1] = use(object);
    object->~Derived();
    auto* const large = reinterpret_cast<Large*>(at);
    large[2] = copy(large, large + 1);
    use_memory_functions(at, at + 100, static_cast<size_t>(args[2]));
}
