// Flags are macros of which nothing is left; there is one event, and no pipe FIX.
#ifndef PTO_STAND_IN_CPU_STUB_HPP
#define PTO_STAND_IN_CPU_STUB_HPP

#include "../../../../common/qualifiers.hpp"

#define set_flag(source, destination, event)
#define wait_flag(source, destination, event)

#endif
