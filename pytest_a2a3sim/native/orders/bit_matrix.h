// A relation between numbers below a bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace a2a3sim {

class BitMatrix {
  public:
    explicit BitMatrix(size_t bound)
        : words_((bound + kBits - 1) / kBits), bits_(words_ * bound, 0) {}

    bool has(int32_t row, int32_t column) const {
        return (word(row, column) >> bit(column) & 1) != 0;
    }
    void set(int32_t row, int32_t column) {
        bits_[place(row, column)] |= uint64_t{1} << bit(column);
    }

  private:
    static constexpr size_t kBits = 64;

    static unsigned bit(int32_t column) { return static_cast<unsigned>(column) % kBits; }
    size_t place(int32_t row, int32_t column) const {
        return static_cast<size_t>(row) * words_ + static_cast<size_t>(column) / kBits;
    }
    uint64_t word(int32_t row, int32_t column) const { return bits_[place(row, column)]; }

    size_t words_;  // of a row
    std::vector<uint64_t> bits_;
};

}  // namespace a2a3sim
