// What kernels include to learn which part of their task they are.
#include "tensors/intrinsic.h"
