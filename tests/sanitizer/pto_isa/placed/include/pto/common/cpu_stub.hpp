// Flags are functions that do nothing.
#ifndef PTO_STAND_IN_CPU_STUB_HPP
#define PTO_STAND_IN_CPU_STUB_HPP

#include "../../../../common/qualifiers.hpp"
#include "type.hpp"

const pipe_t PIPE_FIX = 7;

inline void set_flag(pipe_t, pipe_t, int) {}
inline void wait_flag(pipe_t, pipe_t, int) {}

#define EVENT_ID1 1
#define EVENT_ID2 2
#define EVENT_ID3 3
#define EVENT_ID4 4
#define EVENT_ID5 5
#define EVENT_ID6 6
#define EVENT_ID7 7

#endif
