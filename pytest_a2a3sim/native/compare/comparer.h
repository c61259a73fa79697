// Compares ranges of two tensors in blocks that stay in the first-level cache. Elements that are
// equal bit by bit and finite contribute nothing, so a vectorised sweep drops them; what is left
// is packed and measured. Blocks that mostly differ are measured as they are.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "compare/compare.h"
#include "compare/element.h"

namespace a2a3sim {

inline constexpr uint64_t kBlock = 1024;  // elements measured at a time
inline constexpr uint64_t kStride = 256;  // elements swept at a time
inline constexpr uint64_t kGroup = 32;    // elements that the sweep tests at once
inline constexpr size_t kVector = 64;     // bytes of the widest registers
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

inline a2a3_difference nothing_found() {
    a2a3_difference none{};
    none.max_absolute_index = none.max_relative_index = none.max_distance_index = -1;
    return none;
}

/// Errors are never negative nor NaN: their bits ascend as they do, and integers vectorise.
[[gnu::always_inline]] inline int64_t ordered(double error) { return bit_cast<int64_t>(error); }

/// What is measured of each element of a block.
template <typename Element>
struct Measures {
    alignas(kVector) double absolute[kBlock];
    alignas(kVector) double relative[kBlock];
    alignas(kVector) double allowed[kBlock];
    alignas(kVector) typename Element::Distance distance[kBlock];
};

/// Where the elements of a block are in the tensor: from `start` on, or at packed indices.
struct Places {
    uint64_t start;
    const uint64_t* packed;

    [[gnu::always_inline]] int64_t operator[](uint64_t i) const {
        return static_cast<int64_t>(packed != nullptr ? packed[i] : start + i);
    }
};

template <typename Element>
class Comparer {
  public:
    using Bits = typename Element::Bits;
    using Word = typename Element::Word;
    using Rank = typename Element::Rank;
    using Distance = typename Element::Distance;

    Comparer(const Element& element, const a2a3_comparison& comparison)
        : element_(element),
          rtol_(std::is_same_v<Element, Bool> ? 0 : comparison.rtol),
          atol_(std::is_same_v<Element, Bool> ? 0 : comparison.atol),
          actual_(static_cast<const Bits*>(comparison.actual)),
          expected_(static_cast<const Bits*>(comparison.expected)),
          nan_differs_(comparison.nan_differs != 0),
          mask_(comparison.mask) {}

    const a2a3_difference& found() const { return found_; }

    /// Compares the elements [begin, end). Ranges must ascend from call to call.
    [[gnu::always_inline]] void compare(uint64_t begin, uint64_t end) {
        while (begin < end) {
            const bool dense = dense_;
            const uint64_t first = begin;
            begin = dense ? load(begin, end) : sweep(begin, end);
            if (loaded_ == 0) continue;
            const uint64_t before = found_.differing;
            measure(Places{first, dense ? nullptr : index_});
            if (dense) dense_ = found_.differing - before > loaded_ / 4;
        }
    }

  private:
    /// Loads the next block as it is; returns its end.
    [[gnu::always_inline]] uint64_t load(uint64_t begin, uint64_t end) {
        loaded_ = std::min(kBlock, end - begin);
        for (uint64_t i = 0; i < loaded_; ++i) words_actual_[i] = actual_[begin + i];
        for (uint64_t i = 0; i < loaded_; ++i) words_expected_[i] = expected_[begin + i];
        return begin + loaded_;
    }

    /// Loads what differs or is special from `begin` on, until the next stride might not fit or
    /// most elements differ; returns where it ended.
    [[gnu::always_inline]] uint64_t sweep(uint64_t begin, uint64_t end) {
        uint64_t packed = 0;
        while (begin < end && !dense_ && packed + kStride <= kBlock) {
            const uint64_t before = packed;
            const uint64_t count = std::min(kStride, end - begin);
            uint64_t i = begin;
            for (; i + kGroup <= begin + count; i += kGroup) {
                if (any_interesting(i)) packed = pack(i, kGroup, packed);
            }
            packed = pack(i, begin + count - i, packed);
            dense_ = packed - before > count / 4;
            begin += count;
        }
        loaded_ = packed;
        return begin;
    }

    [[gnu::always_inline]] bool any_interesting(uint64_t begin) const {
        Bits any = 0;
        for (uint64_t i = begin; i < begin + kGroup; ++i) {
            any |= interesting(actual_[i], expected_[i]);
        }
        return any != 0;
    }

    /// Appends the interesting ones of `count` elements; returns how many there are then.
    [[gnu::always_inline]] uint64_t pack(uint64_t begin, uint64_t count, uint64_t packed) {
        for (uint64_t i = begin; i < begin + count; ++i) {
            words_actual_[packed] = actual_[i];
            words_expected_[packed] = expected_[i];
            index_[packed] = i;
            packed += interesting(actual_[i], expected_[i]) != 0 ? 1u : 0u;
        }
        return packed;
    }

    [[gnu::always_inline]] Bits interesting(Bits actual, Bits expected) const {
        if constexpr (Element::kFloat) {
            const Bits special = element_.special(actual) ? 1 : 0;
            return static_cast<Bits>((actual ^ expected) | special);
        }
        return static_cast<Bits>(actual ^ expected);
    }

    /// Adds the loaded elements to what was found.
    [[gnu::always_inline]] void measure(Places places) {
        const uint64_t count = loaded_;
        const bool special = measure_absolute(count);
        if (special) note_special(count);
        uint64_t differing = 0;
        for (uint64_t i = 0; i < count; ++i) differing += measures_.absolute[i] > 0 ? 1 : 0;
        if (differing == 0) return;
        found_.differing += differing;
        measure_relative(count);
        raise_largest(measures_.absolute, count, places, found_.max_absolute,
                      found_.max_absolute_index);
        raise_largest(measures_.relative, count, places, found_.max_relative,
                      found_.max_relative_index);
        raise_largest_distance(count, places);
        count_distances(count);
        if (count_allowed(count) > 0) note_mismatches(count, places);
    }

    /// Absolute errors, what is allowed, and distances. True if any element is NaN or infinite.
    [[gnu::always_inline]] bool measure_absolute(uint64_t count) {
        Distance any_special = 0;
        for (uint64_t i = 0; i < count; ++i) {
            const Rank a = element_.rank(words_actual_[i]);
            const Rank e = element_.rank(words_expected_[i]);
            const Distance distance = a > e ? static_cast<Distance>(a) - static_cast<Distance>(e)
                                            : static_cast<Distance>(e) - static_cast<Distance>(a);
            const double magnitude = std::fabs(element_.value(words_expected_[i]));
            if constexpr (Element::kFloat) {
                const Distance special = Distance{element_.special(words_actual_[i])} |
                                         Distance{element_.special(words_expected_[i])};
                any_special |= special;
                measures_.absolute[i] = std::fabs(element_.value(words_actual_[i]) -
                                                  element_.value(words_expected_[i]));
                measures_.allowed[i] = atol_ + rtol_ * magnitude;
                measures_.distance[i] = special != 0 ? 0 : distance;
            } else if constexpr (std::is_same_v<Element, Bool>) {
                measures_.distance[i] = distance != 0 ? 1 : 0;
                measures_.absolute[i] = distance != 0 ? 1.0 : 0.0;
                measures_.allowed[i] = 0;
            } else {
                measures_.distance[i] = distance;
                measures_.absolute[i] = static_cast<double>(distance);
                measures_.allowed[i] = atol_ + rtol_ * magnitude;
            }
        }
        return any_special != 0;
    }

    /// Corrects the errors that involve NaN or infinities, and counts those.
    void note_special(uint64_t count) {
        for (uint64_t i = 0; i < count; ++i) {
            if (!element_.special(words_actual_[i]) && !element_.special(words_expected_[i]))
                continue;
            const double a = element_.value(words_actual_[i]);
            const double e = element_.value(words_expected_[i]);
            count_special(a, found_.actual);
            count_special(e, found_.expected);
            const bool same = a == e || (!nan_differs_ && std::isnan(a) && std::isnan(e));
            measures_.absolute[i] = same ? 0 : kInfinity;
            if (!std::isfinite(e)) measures_.allowed[i] = 0;
            if (!same) ++found_.undefined;
        }
    }

    static void count_special(double value, a2a3_census& census) {
        census.nan += std::isnan(value) ? 1u : 0u;
        census.positive_infinity += value == kInfinity ? 1u : 0u;
        census.negative_infinity += value == -kInfinity ? 1u : 0u;
    }

    [[gnu::always_inline]] void measure_relative(uint64_t count) {
        for (uint64_t i = 0; i < count; ++i) {
            const double error = measures_.absolute[i];
            const double relative = error / std::fabs(element_.value(words_expected_[i]));
            const double defined = relative == relative ? relative : kInfinity;
            measures_.relative[i] = error > 0 ? defined : 0;
        }
    }

    [[gnu::always_inline]] static void raise_largest(const double* errors, uint64_t count,
                                                     Places places, double& largest,
                                                     int64_t& index) {
        int64_t highest = 0;
        for (uint64_t i = 0; i < count; ++i) {
            const int64_t bits = ordered(errors[i]);
            highest = bits > highest ? bits : highest;
        }
        if (highest <= ordered(largest)) return;
        largest = bit_cast<double>(highest);
        index = places[static_cast<uint64_t>(std::find(errors, errors + count, largest) - errors)];
    }

    [[gnu::always_inline]] void raise_largest_distance(uint64_t count, Places places) {
        Distance highest = 0;
        for (uint64_t i = 0; i < count; ++i) {
            highest = measures_.distance[i] > highest ? measures_.distance[i] : highest;
        }
        if (highest <= found_.max_distance) return;
        const Distance* const begin = measures_.distance;
        found_.max_distance = highest;
        found_.max_distance_index =
            places[static_cast<uint64_t>(std::find(begin, begin + count, highest) - begin)];
    }

    [[gnu::always_inline]] void count_distances(uint64_t count) {
        for (int bound = 0; bound < A2A3_DISTANCE_BOUNDS; ++bound) {
            if (kDistanceBounds[bound] > std::numeric_limits<Distance>::max()) return;
            const auto limit = static_cast<Distance>(kDistanceBounds[bound]);
            Distance beyond = 0;
            for (uint64_t i = 0; i < count; ++i) beyond += measures_.distance[i] > limit ? 1 : 0;
            if (beyond == 0) return;
            found_.beyond_distance[bound] += beyond;
        }
    }

    /// Returns the number of elements that do not match.
    [[gnu::always_inline]] uint64_t count_allowed(uint64_t count) {
        uint64_t mismatched = 0;
        for (int factor = 0; factor < A2A3_ALLOWED_FACTORS; ++factor) {
            uint64_t beyond = 0;
            for (uint64_t i = 0; i < count; ++i) {
                const double limit = kAllowedFactors[factor] * measures_.allowed[i];
                beyond += measures_.absolute[i] > limit ? 1 : 0;
            }
            if (beyond == 0) break;
            found_.beyond_allowed[factor] += beyond;
            if (factor == kAllowed) mismatched = beyond;
        }
        found_.mismatched += mismatched;
        return mismatched;
    }

    void note_mismatches(uint64_t count, Places places) {
        if (mask_ == nullptr && found_.first_count == A2A3_FIRST_MISMATCHES) return;
        for (uint64_t i = 0; i < count; ++i) {
            if (!(measures_.absolute[i] > measures_.allowed[i])) continue;
            if (found_.first_count < A2A3_FIRST_MISMATCHES)
                found_.first[found_.first_count++] = places[i];
            if (mask_ != nullptr) mask_[places[i]] = 1;
        }
    }

    const Element& element_;
    const double rtol_;
    const double atol_;
    const Bits* const actual_;
    const Bits* const expected_;
    const bool nan_differs_;
    uint8_t* const mask_;
    a2a3_difference found_ = nothing_found();
    Measures<Element> measures_;
    bool dense_ = false;   // most of what was last seen differs: packing it would not pay
    uint64_t loaded_ = 0;  // elements to measure, of the following
    alignas(kVector) Word words_actual_[kBlock + 1];  // one more: pack() writes before it knows
    alignas(kVector) Word words_expected_[kBlock + 1];
    uint64_t index_[kBlock + 1];
};

}  // namespace a2a3sim
