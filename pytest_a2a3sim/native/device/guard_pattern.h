// What fills the bytes around a device buffer, so that an overrun that does not fault shows.
//
// Two bytes that take turns, by the parity of the address: 0xF0 to 0xFE, another one for the next
// buffer, and 0x7F. That is a NaN in every float type, for those who read it. Nobody writes it by
// accident: it is neither zero nor the sign extension of a smaller integer, no poison of fresh
// memory, and not what lies around the buffers nearby.
#pragma once

#include <cstddef>
#include <cstdint>

namespace a2a3sim {

/// Fills [begin, end) with the pattern of buffer number `index`.
void fill_guard(uintptr_t begin, uintptr_t end, size_t index);

/// The first byte of [begin, end) that is not that pattern, or `end`.
uintptr_t first_changed(uintptr_t begin, uintptr_t end, size_t index);

/// The last such byte, or `end`.
uintptr_t last_changed(uintptr_t begin, uintptr_t end, size_t index);

}  // namespace a2a3sim
