// Names for tiles of the cube core, and what tells tiles from everything else.
#ifndef PTO_STAND_IN_TILE_KINDS_HPP
#define PTO_STAND_IN_TILE_KINDS_HPP

namespace pto {

template <typename Element, int Rows, int Cols>
using TileLeft = Tile<TileType::Left, Element, Rows, Cols, BLayout::ColMajor, Rows, Cols,
                      SLayout::RowMajor, 512>;
template <typename Element, int Rows, int Cols>
using TileRight = Tile<TileType::Right, Element, Rows, Cols, BLayout::RowMajor, Rows, Cols,
                       SLayout::ColMajor, 512>;
template <typename Element, int Rows, int Cols>
using TileAcc = Tile<TileType::Acc, Element, Rows, Cols, BLayout::ColMajor, Rows, Cols,
                     SLayout::RowMajor, 1024>;

template <typename T>
struct is_tile : std::false_type {};
template <TileType Loc, typename Element, int Rows, int Cols, BLayout Blocks, int ValidRows,
          int ValidCols, SLayout Boxes, int BoxBytes>
struct is_tile<Tile<Loc, Element, Rows, Cols, Blocks, ValidRows, ValidCols, Boxes, BoxBytes>>
    : std::true_type {};

template <typename T>
constexpr bool is_tile_data_v = is_tile<T>::value;

}  // namespace pto

#endif
