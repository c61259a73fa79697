// A clock that costs a few nanoseconds to read and agrees between threads and processes.
#pragma once

#include <cstdint>
#include <ctime>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace a2a3sim {

inline int64_t monotonic_nanoseconds() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

constexpr double to_seconds(int64_t nanoseconds) { return 1e-9 * static_cast<double>(nanoseconds); }

inline int64_t read_ticks() {
#if defined(__x86_64__)
    return static_cast<int64_t>(__rdtsc());
#elif defined(__aarch64__)
    int64_t ticks;
    asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#else
    return monotonic_nanoseconds();
#endif
}

/// Measures the rate of read_ticks() between its construction and ticks_per_second().
class TickRate {
  public:
    TickRate() : first_ns_(monotonic_nanoseconds()), first_ticks_(read_ticks()) {}

    int64_t origin() const { return first_ticks_; }

    double ticks_per_second() const {
        const int64_t ns = monotonic_nanoseconds() - first_ns_;
        const int64_t ticks = read_ticks() - first_ticks_;
        return ns > 0 && ticks > 0 ? 1e9 * static_cast<double>(ticks) / static_cast<double>(ns)
                                   : 1e9;
    }

  private:
    int64_t first_ns_;
    int64_t first_ticks_;
};

}  // namespace a2a3sim
