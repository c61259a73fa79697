// Element types of tensors as a comparison sees them: bits -> value, and bits -> rank.
//
// Every type offers
//   Bits              the unsigned integer that holds an element
//   Word              the one that it is widened to before it is measured: 32 or 64 bits
//   Rank              a signed integer type for ranks, Distance the unsigned one for differences
//   kFloat            whether it has NaN, infinities and ULPs
//   value(word)       the number, exact except for 64-bit ints
//   rank(word)        ascends with the value by one per representable value; both zeros have one
//   special(bits)     whether it is NaN or infinite, for bits and words alike
// The functions are forced inline: their callers are compiled for several instruction sets.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

namespace a2a3sim {

template <typename To, typename From>
[[gnu::always_inline]] inline To bit_cast(From from) {
    static_assert(sizeof(To) == sizeof(From), "of one size");
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}

/// Sign and magnitude, as IEEE types store them -> an integer that ascends with the value.
template <typename Rank, typename Word>
[[gnu::always_inline]] inline Rank rank_of_sign_magnitude(Word word, Word sign) {
    const Rank magnitude = static_cast<Rank>(word & (sign - 1));
    return (word & sign) != 0 ? -magnitude : magnitude;
}

struct Float64 {
    using Bits = uint64_t;
    using Word = uint64_t;
    using Rank = int64_t;
    using Distance = uint64_t;
    static constexpr bool kFloat = true;
    [[gnu::always_inline]] double value(Word word) const { return bit_cast<double>(word); }
    [[gnu::always_inline]] Rank rank(Word word) const {
        return rank_of_sign_magnitude<Rank>(word, uint64_t{1} << 63);
    }
    template <typename Int>
    [[gnu::always_inline]] bool special(Int bits) const {
        return (bits & 0x7fffffffffffffff) >= 0x7ff0000000000000;
    }
};

struct Float32 {
    using Bits = uint32_t;
    using Word = uint32_t;
    using Rank = int32_t;
    using Distance = uint32_t;
    static constexpr bool kFloat = true;
    [[gnu::always_inline]] double value(Word word) const { return bit_cast<float>(word); }
    [[gnu::always_inline]] Rank rank(Word word) const {
        return rank_of_sign_magnitude<Rank>(word, 0x80000000u);
    }
    template <typename Int>
    [[gnu::always_inline]] bool special(Int bits) const {
        return (bits & 0x7fffffff) >= 0x7f800000;
    }
};

struct Float16 {
    using Bits = uint16_t;
    using Word = uint32_t;
    using Rank = int32_t;
    using Distance = uint32_t;
    static constexpr bool kFloat = true;
    [[gnu::always_inline]] double value(Word word) const {
        const uint32_t magnitude = word & 0x7fffu;
        // float32 has 13 more bits of mantissa and an exponent bias that is 112 larger.
        const float scaled = bit_cast<float>(magnitude << 13) * 0x1p112f;
        const uint32_t infinite = magnitude >= 0x7c00 ? ~0u : 0u;
        const uint32_t sign = (word & 0x8000u) << 16;
        return bit_cast<float>(bit_cast<uint32_t>(scaled) | (infinite & 0x7f800000u) | sign);
    }
    [[gnu::always_inline]] Rank rank(Word word) const {
        return rank_of_sign_magnitude<Rank>(word, 0x8000u);
    }
    template <typename Int>
    [[gnu::always_inline]] bool special(Int bits) const {
        return (bits & 0x7fff) >= 0x7c00;
    }
};

struct BFloat16 {
    using Bits = uint16_t;
    using Word = uint32_t;
    using Rank = int32_t;
    using Distance = uint32_t;
    static constexpr bool kFloat = true;
    [[gnu::always_inline]] double value(Word word) const {
        return bit_cast<float>(static_cast<uint32_t>(word) << 16);
    }
    [[gnu::always_inline]] Rank rank(Word word) const {
        return rank_of_sign_magnitude<Rank>(word, 0x8000u);
    }
    template <typename Int>
    [[gnu::always_inline]] bool special(Int bits) const {
        return (bits & 0x7fff) >= 0x7f80;
    }
};

/// Any type of 8 bits, by a table of its values.
class Float8 {
  public:
    using Bits = uint8_t;
    using Word = uint32_t;
    using Rank = int32_t;
    using Distance = uint32_t;
    static constexpr bool kFloat = true;
    static constexpr size_t kPatterns = 256;  // of 8 bits

    explicit Float8(const double* values) {
        std::array<double, kPatterns> ascending{};
        std::copy_n(values, kPatterns, values_.begin());
        auto* const end = std::remove_copy_if(values, values + kPatterns, ascending.begin(),
                                              [](double v) { return std::isnan(v); });
        std::sort(ascending.begin(), end);
        auto* const last = std::unique(ascending.begin(), end);
        for (size_t bits = 0; bits < kPatterns; ++bits) {
            const auto* const place = std::lower_bound(ascending.begin(), last, values_[bits]);
            ranks_[bits] = static_cast<Rank>(place - ascending.begin());
        }
    }
    [[gnu::always_inline]] double value(Word word) const { return values_[word]; }
    [[gnu::always_inline]] Rank rank(Word word) const { return ranks_[word]; }
    template <typename Int>
    [[gnu::always_inline]] bool special(Int bits) const {
        return !(values_[bits] - values_[bits] == 0);
    }

  private:
    std::array<double, kPatterns> values_{};
    std::array<Rank, kPatterns> ranks_{};
};

template <typename T>
struct Integer {
    using Bits = std::make_unsigned_t<T>;
    using Word = std::conditional_t<sizeof(T) < 4, uint32_t, Bits>;
    using Rank = std::conditional_t<sizeof(T) < 4, int32_t, T>;
    using Distance = std::make_unsigned_t<Rank>;
    static constexpr bool kFloat = false;
    [[gnu::always_inline]] double value(Word word) const {
        return static_cast<double>(static_cast<T>(word));
    }
    [[gnu::always_inline]] Rank rank(Word word) const {
        return static_cast<Rank>(static_cast<T>(word));
    }
    template <typename Int>
    [[gnu::always_inline]] bool special(Int) const {
        return false;
    }
};

/// A byte each. Bytes other than 0 and 1 equal only themselves.
struct Bool {
    using Bits = uint8_t;
    using Word = uint32_t;
    using Rank = int32_t;
    using Distance = uint32_t;
    static constexpr bool kFloat = false;
    [[gnu::always_inline]] double value(Word word) const { return word != 0 ? 1.0 : 0.0; }
    [[gnu::always_inline]] Rank rank(Word word) const { return static_cast<Rank>(word); }
    template <typename Int>
    [[gnu::always_inline]] bool special(Int) const {
        return false;
    }
};

}  // namespace a2a3sim
