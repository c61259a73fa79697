#ifndef PTO_STAND_IN_MEMORY_HPP
#define PTO_STAND_IN_MEMORY_HPP

#include <pto/common/type.hpp>

#endif
