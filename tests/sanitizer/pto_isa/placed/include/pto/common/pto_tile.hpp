#ifndef PTO_STAND_IN_TILE_HPP
#define PTO_STAND_IN_TILE_HPP

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <pto/common/memory.hpp>
#include <pto/common/type.hpp>

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
    using TileDType = DType*;

    AICORE Tile() {}

    /// Where a tile that nobody has placed lies, is decided here.
    TileDType& data() {
        if (data_ == nullptr) {
            own_.resize(Numel);
            data_ = own_.data();
        }
        return data_;
    }
    const TileDType& data() const { return const_cast<Tile*>(this)->data(); }

    AICORE DType GetValue(uint32_t offset) { return data()[offset]; }
    AICORE void SetValue(uint32_t offset, DType value) { data()[offset] = value; }
    AICORE void assignData(TileDType data) { data_ = data; }

  private:
    std::vector<DType> own_;
    TileDType data_ = nullptr;
};

}  // namespace pto

#include "../../../../common/tile_kinds.hpp"

#endif
