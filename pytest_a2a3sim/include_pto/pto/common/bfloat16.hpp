// bfloat16 for compilers that have none, or none that works.
#ifndef A2A3SIM_PTO_BFLOAT16_HPP
#define A2A3SIM_PTO_BFLOAT16_HPP

#include <cstdint>
#include <limits>
#include <type_traits>

namespace a2a3sim {

/// The upper half of a float. It rounds to nearest, ties to even, whenever a value is stored;
/// arithmetic is in float, as where a compiler has the type but the machine has not.
class bfloat16 {
  public:
    bfloat16() = default;

    template <typename Number, typename = std::enable_if_t<std::is_convertible_v<Number, float> &&
                                                           !std::is_same_v<Number, bfloat16>>>
    constexpr bfloat16(Number number) : bits_(round(static_cast<float>(number))) {}

    constexpr operator float() const {
        return __builtin_bit_cast(float, static_cast<uint32_t>(bits_) << 16);
    }

    static constexpr bfloat16 from_bits(uint16_t bits) {
        bfloat16 made{};
        made.bits_ = bits;
        return made;
    }

    template <typename Number>
    constexpr bfloat16& operator+=(const Number& other) {
        return *this = static_cast<float>(*this) + static_cast<float>(other);
    }
    template <typename Number>
    constexpr bfloat16& operator-=(const Number& other) {
        return *this = static_cast<float>(*this) - static_cast<float>(other);
    }
    template <typename Number>
    constexpr bfloat16& operator*=(const Number& other) {
        return *this = static_cast<float>(*this) * static_cast<float>(other);
    }
    template <typename Number>
    constexpr bfloat16& operator/=(const Number& other) {
        return *this = static_cast<float>(*this) / static_cast<float>(other);
    }
    constexpr bfloat16& operator++() { return *this += 1; }
    constexpr bfloat16& operator--() { return *this -= 1; }

  private:
    static constexpr uint16_t round(float number) {
        const auto bits = __builtin_bit_cast(uint32_t, number);
        if (number != number) return static_cast<uint16_t>(bits >> 16 | 0x40);  // a quiet NaN
        return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    }

    uint16_t bits_;
};

static_assert(sizeof(bfloat16) == 2 && std::is_trivially_copyable_v<bfloat16>);

}  // namespace a2a3sim

template <>
class std::numeric_limits<a2a3sim::bfloat16> : public std::numeric_limits<float> {
  public:
    static constexpr int digits = 8;
    static constexpr int digits10 = 2;
    static constexpr int max_digits10 = 4;

    static constexpr a2a3sim::bfloat16 min() { return a2a3sim::bfloat16::from_bits(0x0080); }
    static constexpr a2a3sim::bfloat16 max() { return a2a3sim::bfloat16::from_bits(0x7f7f); }
    static constexpr a2a3sim::bfloat16 lowest() { return a2a3sim::bfloat16::from_bits(0xff7f); }
    static constexpr a2a3sim::bfloat16 epsilon() { return a2a3sim::bfloat16::from_bits(0x3c00); }
    static constexpr a2a3sim::bfloat16 round_error() {
        return a2a3sim::bfloat16::from_bits(0x3f00);
    }
    static constexpr a2a3sim::bfloat16 infinity() { return a2a3sim::bfloat16::from_bits(0x7f80); }
    static constexpr a2a3sim::bfloat16 quiet_NaN() { return a2a3sim::bfloat16::from_bits(0x7fc0); }
    static constexpr a2a3sim::bfloat16 signaling_NaN() {
        return a2a3sim::bfloat16::from_bits(0x7fa0);
    }
    static constexpr a2a3sim::bfloat16 denorm_min() { return a2a3sim::bfloat16::from_bits(0x0001); }
};

#endif  // A2A3SIM_PTO_BFLOAT16_HPP
