// A set of ids below a bound, whose least and greatest are found in a few steps.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace a2a3sim {

/// Bits by id, and above them levels of bits that tell which words of the level below are not 0:
/// each step is O(log64(bound)).
class IdSet {
  public:
    explicit IdSet(size_t bound) {
        for (size_t words = bound; levels_.empty() || words > 1;) {
            words = std::max<size_t>((words + kMask) >> kShift, 1);
            levels_.emplace_back(words, 0);
        }
    }

    size_t size() const { return size_; }

    /// The id is not in the set.
    void insert(int32_t id) {
        ++size_;
        auto place = static_cast<size_t>(id);
        for (std::vector<uint64_t>& level : levels_) {
            uint64_t& word = level[place >> kShift];
            const bool is_known_above = word != 0;
            word |= uint64_t{1} << (place & kMask);
            if (is_known_above) return;
            place >>= kShift;
        }
    }

    /// The set is not empty.
    int32_t take_least() {
        return take([](uint64_t word) { return __builtin_ctzll(word); });
    }
    int32_t take_greatest() {
        return take([](uint64_t word) { return 63 - __builtin_clzll(word); });
    }

  private:
    static constexpr size_t kShift = 6;
    static constexpr size_t kMask = 63;

    template <typename Choose>
    int32_t take(Choose choose) {
        --size_;
        size_t place = 0;
        for (size_t level = levels_.size(); level-- > 0;) {
            place = place << kShift | static_cast<size_t>(choose(levels_[level][place]));
        }
        const auto id = static_cast<int32_t>(place);
        for (std::vector<uint64_t>& level : levels_) {
            uint64_t& word = level[place >> kShift];
            word &= ~(uint64_t{1} << (place & kMask));
            if (word != 0) break;
            place >>= kShift;
        }
        return id;
    }

    std::vector<std::vector<uint64_t>> levels_;  // the last one is a single word
    size_t size_ = 0;
};

}  // namespace a2a3sim
