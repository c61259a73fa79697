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

/// Whose handler is asked where this memory does not do.
struct Other {
    Allocator allocator;
    bool is_numpys;  // whose zeros are pages that the system has not given out yet
};

const Other& other_of(void* context) { return *static_cast<const Other*>(context); }

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
    const Allocator& other = other_of(context).allocator;
    return data != nullptr ? data : other.malloc(other.context, size);
}

/// Memory that is zero, and of which nothing is there: an output's, mostly.
void* allocate_zeros(void* context, size_t count, size_t size) {
    const auto& [other, is_numpys] = other_of(context);
    void* const data = other.calloc(other.context, count, size);
    if (data != nullptr && is_numpys && size * count >= kLargeArray) {
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
    const Allocator& other = other_of(context).allocator;
    other.free(other.context, data, size);
}

void* resize(void* context, void* data, size_t size) {
    const Allocator& other = other_of(context).allocator;
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
    auto* const context =
        new (std::nothrow) Other{handler.allocator, std::strcmp(handler.name, kNumPys) == 0};
    auto* const made = context == nullptr ? nullptr : new (std::nothrow) Handler{};
    if (made == nullptr) {
        delete context;
        return nullptr;
    }
    std::strcpy(made->name, "a2a3sim");
    made->version = 1;
    made->allocator = {context, allocate, allocate_zeros, resize, release};
    return made;
}

}  // namespace a2a3sim
