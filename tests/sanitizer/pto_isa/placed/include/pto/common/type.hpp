#ifndef PTO_STAND_IN_TYPE_HPP
#define PTO_STAND_IN_TYPE_HPP

#include <cstdint>

#define AICORE
#define PTO_INLINE inline __attribute__((always_inline))
#define PTO_INST AICORE PTO_INLINE __attribute__((visibility("default")))
#define PTO_INTERNAL AICORE PTO_INLINE

#include "../../../../common/layouts.hpp"

#endif
