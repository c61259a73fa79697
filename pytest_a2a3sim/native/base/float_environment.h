// The floating-point environment in which tasks start: round to nearest, subnormal numbers kept, no
// traps. It belongs to a thread, and kernels may change it.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <xmmintrin.h>
#elif !defined(__aarch64__)
#include <cfenv>
#endif

namespace a2a3sim {

/// Reads before it writes: what is as it should be costs nanoseconds.
inline void reset_float_environment() {
#if defined(__x86_64__)
    constexpr unsigned kDefault = 0x1F80;
    constexpr unsigned kControl = 0xFFC0;  // all but the flags of exceptions that were raised
    constexpr uint16_t kDefaultX87 = 0x37F;
    if ((_mm_getcsr() & kControl) != kDefault) _mm_setcsr(kDefault);
    uint16_t control = 0;  // of the x87, which computes with long double
    asm volatile("fnstcw %0" : "=m"(control));
    if (control != kDefaultX87) asm volatile("fldcw %0" : : "m"(kDefaultX87));
#elif defined(__aarch64__)
    uint64_t control = 0;
    asm volatile("mrs %0, fpcr" : "=r"(control));
    if (control != 0) asm volatile("msr fpcr, %0" : : "r"(uint64_t{0}));
#else
    std::fesetenv(FE_DFL_ENV);
#endif
}

}  // namespace a2a3sim
