// What a callback does: looks an access up in the shadow, and tells the engine what is new.
#pragma once

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

/// Notes an access of a tile by the running instruction, or tells one by scalar code.
inline void access_core(a2a3_core_recorder& core, uint64_t address, uint64_t size, int32_t mode,
                        a2a3_byte_state wanted, const void* code) {
    const uint64_t number = address >> A2A3_TILE_PAGE_SHIFT;
    a2a3_tile_page& page = core.pages[number % A2A3_TILE_PAGES];
    if (page.number != number && page.number != A2A3_SEVERAL_PAGES) return;
    const uint64_t left = A2A3_TILE_PAGE - address % A2A3_TILE_PAGE;
    if (page.number != number || core.depth == 0 || size > left) {
        core.access(address, size, mode, code);
        return;
    }
    if (page.touched != core.first) {
        page.touched = core.first;
        core.touched[core.touched_count++] = static_cast<uint16_t>(number % A2A3_TILE_PAGES);
    }
    const auto first = static_cast<a2a3_byte_state>(core.first);
    a2a3_byte_state* const states = page.states + address % A2A3_TILE_PAGE;
    for (uint64_t i = 0; i < size; ++i) {
        states[i] = (states[i] >= first ? states[i] : first) | wanted;
    }
}

inline void access(uint64_t address, uint64_t size, int32_t mode, a2a3_byte_state wanted,
                   const void* code) {
    a2a3_recorder& to = *recorder;
    const uint64_t offset = address - to.begin;
    if (to.core != nullptr && to.core->is_active != 0) {
        if (offset >= to.size) {
            access_core(*to.core, address, size, mode, wanted, code);
        } else {
            to.core->access(address, size, mode, code);
        }
    }
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
