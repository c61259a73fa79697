// What kernels include: the descriptors that their arguments point to.
#include "tensors/tensor.h"
