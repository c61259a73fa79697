#ifndef PTO_STAND_IN_TILE_HPP
#define PTO_STAND_IN_TILE_HPP

#include <cstddef>
#include <cstdint>
#include <pto/common/memory.hpp>
#include <pto/common/type.hpp>
#include <type_traits>

#include "../../../../common/global_tensor.hpp"

namespace pto {

template <TileType Loc_, typename Element_, int Rows_, int Cols_,
          BLayout Blocks_ = BLayout::RowMajor, int ValidRows_ = Rows_, int ValidCols_ = Cols_,
          SLayout Boxes_ = SLayout::NoneBox, int BoxBytes_ = 512>
struct Tile {
    using DType = Element_;
    static constexpr TileType Loc = Loc_;
    static constexpr int Rows = Rows_;
    static constexpr int Cols = Cols_;
    static constexpr int ValidRow = ValidRows_;
    static constexpr int ValidCol = ValidCols_;
    static constexpr int Numel = Rows * Cols;
    using TileDType = DType[Rows * Cols];

    AICORE Tile() {}

    AICORE TileDType& data() { return data_; }
    AICORE const TileDType& data() const { return data_; }

    __tf__ AICORE DType GetValue(uint32_t offset) { return data_[offset]; }
    __tf__ AICORE void SetValue(uint32_t offset, DType value) { data_[offset] = value; }

  private:
    TileDType data_;
};

}  // namespace pto

#include "../../../../common/tile_kinds.hpp"

#endif
