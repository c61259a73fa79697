// Arithmetic that the vector kernels share.
#ifndef PAGED_ATTENTION_VECTOR_MATH_H_
#define PAGED_ATTENTION_VECTOR_MATH_H_

#include <bit>
#include <cstdint>

/// a > b ? a : b, which is a single instruction; std::fmax would be a call.
inline float larger(float a, float b) { return a > b ? a : b; }

/// e^x for x <= 0, without branches or calls, so that a loop around it becomes SIMD code.
///
/// x = n ln 2 + r, with n an integer and |r| <= (ln 2) / 2. Then e^x = 2^n e^r: e^r is its Taylor
/// polynomial of degree 7 (truncation error below 8e-9), 2^n are the exponent bits of a float.
///
/// Relative error below 1.03e-7 (0.86 * 2^-23) for -87 <= x <= 0, and exactly 1 for 0. Smaller x,
/// where e^x < 1.7e-38 is about to leave the normal floats, give 0. NaN gives NaN.
inline float exp_nonpositive(float x) {
    constexpr float kSmallest = -87.0f;  // keeps 2^n a normal number
    constexpr float kLog2E = 1.44269504f;
    constexpr float kLn2High = 0.693359375f;    // 9 significant bits: n * kLn2High is exact
    constexpr float kLn2Low = -2.12194440e-4f;  // ln 2 - kLn2High
    constexpr float kToInteger = 12582912.0f;   // 1.5 * 2^23: a sum with it has no fraction bits
    constexpr uint32_t kExponentBias = 127;
    constexpr int kMantissaBits = 23;

    const float shifted = x * kLog2E + kToInteger;
    const float n = shifted - kToInteger;
    const float r = (x - n * kLn2High) - n * kLn2Low;

    float e_r = 1.0f / 5040.0f;
    e_r = e_r * r + 1.0f / 720.0f;
    e_r = e_r * r + 1.0f / 120.0f;
    e_r = e_r * r + 1.0f / 24.0f;
    e_r = e_r * r + 1.0f / 6.0f;
    e_r = e_r * r + 1.0f / 2.0f;
    e_r = e_r * r + 1.0f;
    e_r = e_r * r + 1.0f;

    // The low bits of `shifted` are n in two's complement; the shift drops the others.
    const uint32_t two_to_n = (std::bit_cast<uint32_t>(shifted) + kExponentBias) << kMantissaBits;
    const float result = e_r * std::bit_cast<float>(two_to_n);

    // x < kSmallest ? 0 : result, with a mask: gcc would put the polynomial into a branch of the
    // conditional expression, and a loop with branches stays scalar.
    const uint32_t keep = static_cast<uint32_t>(x < kSmallest) - 1;  // all bits or none
    return std::bit_cast<float>(std::bit_cast<uint32_t>(result) & keep);
}

#endif  // PAGED_ATTENTION_VECTOR_MATH_H_
