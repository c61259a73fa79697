#include "shared/array_handler.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <exception>
#include <new>

#include "shared/array_memory.h"

namespace a2a3sim {

namespace {

constexpr const char* kNumPys = "default_allocator";

// As in NumPy's ndarraytypes.h.
struct Allocator {
    void* context;
    void* (*malloc)(void* context, size_t size);
    void* (*calloc)(void* context, size_t count, size_t size);
    void* (*realloc)(void* context, void* data, size_t size);
    void (*free)(void* context, void* data, size_t size);
};

struct Handler {
    char name[127];
    uint8_t version;
    Allocator allocator;
};

/// NumPy's own, which is asked where this memory does not do.
const Allocator& other_of(void* context) { return *static_cast<const Allocator*>(context); }

/// What somebody called from C may do without memory: nothing.
template <typename Result, typename Action>
Result without_exceptions(Result otherwise, Action action) noexcept {
    try {
        return action(ArrayMemory::instance());
    } catch (const std::exception&) {
        return otherwise;
    }
}

void* allocate(void* context, size_t size) {
    void* data = nullptr;
    if (size >= kLargeArray) {
        data = without_exceptions<void*>(
            nullptr, [size](ArrayMemory& memory) { return memory.allocate(size); });
    }
    const Allocator& other = other_of(context);
    return data != nullptr ? data : other.malloc(other.context, size);
}

/// Memory that is zero, of which the system has not given out any page yet: an output's, mostly.
void* allocate_zeros(void* context, size_t count, size_t size) {
    const Allocator& other = other_of(context);
    void* const data = other.calloc(other.context, count, size);
    if (data != nullptr && size * count >= kLargeArray) {
        without_exceptions(false, [&](ArrayMemory& memory) {
            memory.note_zeros(data, size * count);
            return true;
        });
    }
    return data;
}

void release(void* context, void* data, size_t size) {
    // It is freed though there is no memory to keep it in.
    if (without_exceptions(true, [=](ArrayMemory& memory) { return memory.free(data); })) return;
    const Allocator& other = other_of(context);
    other.free(other.context, data, size);
}

void* resize(void* context, void* data, size_t size) {
    const Allocator& other = other_of(context);
    ArrayMemory& memory = ArrayMemory::instance();
    const size_t had = memory.size_before_change(data);
    if (had == 0) return other.realloc(other.context, data, size);
    void* const moved = other.malloc(other.context, size);
    if (moved == nullptr) return nullptr;
    std::memcpy(moved, data, std::min(size, had));
    release(context, data, size);
    return moved;
}

}  // namespace

void* array_handler(const void* other) noexcept {
    const auto& handler = *static_cast<const Handler*>(other);
    if (std::strcmp(handler.name, kNumPys) != 0) return nullptr;
    auto* const made = new (std::nothrow) Handler{};
    if (made == nullptr) return nullptr;
    std::strcpy(made->name, "a2a3sim");
    made->version = 1;
    void* const context = const_cast<Allocator*>(&handler.allocator);
    made->allocator = {context, allocate, allocate_zeros, resize, release};
    return made;
}

}  // namespace a2a3sim
