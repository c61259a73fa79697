// The sizes that memory comes in.
#pragma once

#include <cstddef>

namespace a2a3sim {

constexpr size_t kHugePage = size_t{2} << 20;

constexpr size_t round_up(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

/// How many of `wanted` addresses to reserve: all of them, but where `ulimit -v` limits the
/// process, at most this share of those that are left.
size_t address_space(size_t wanted, double share);

}  // namespace a2a3sim
