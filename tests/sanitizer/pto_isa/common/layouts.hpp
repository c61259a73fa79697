// Where tiles lie, and how. This stand-in keeps the elements of every layout row by row.
#ifndef PTO_STAND_IN_LAYOUTS_HPP
#define PTO_STAND_IN_LAYOUTS_HPP

namespace pto {

enum class TileType { Vec, Mat, Left, Right, Acc, Bias, Scaling, ScaleLeft, ScaleRight };
enum class BLayout { RowMajor = 0, ColMajor = 1 };
enum class SLayout { NoneBox = 0, RowMajor = 1, ColMajor = 2 };

}  // namespace pto

#endif
