// What this process has done with a mapping, as the system's tables of its pages tell.
#pragma once

#include <cstddef>

namespace a2a3sim {

/// Whether this process may have written to a private mapping of a file: each page that it has is
/// a copy then, which nobody else sees.
bool may_have_own_pages(const void* begin, size_t size) noexcept;

/// Whether this process may have read or written a mapping that it did when it was forked.
bool may_have_touched(const void* begin, size_t size) noexcept;

}  // namespace a2a3sim
