// The sizes that memory comes in.
#pragma once

#include <cstddef>

namespace a2a3sim {

constexpr size_t kHugePage = size_t{2} << 20;

constexpr size_t round_up(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

}  // namespace a2a3sim
