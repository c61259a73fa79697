// Tiles of a size that real headers refuse.
#include "kernels.h"

KERNEL(a_byte_beyond_ub) {
    // z[0] = np.zeros((16, 16))
    Tile<TileType::Vec, int8_t, 1, 33, BLayout::RowMajor> odd;
    TASSIGN(odd, kUB - 32);  // first
}

KERNEL(a_byte_beyond_l0c) {
    // z[0] = np.zeros((16, 16))
    Tile<TileType::Acc, int8_t, 1, 33, BLayout::RowMajor> odd;
    TASSIGN(odd, kL0C - 32);  // first
}
