// An operator new that fails on demand.
#pragma once

#include <atomic>

constexpr int kUnlimited = 1 << 30;

/// How many allocations still succeed, in this process and those that it forks.
extern std::atomic<int> allocations_left;
