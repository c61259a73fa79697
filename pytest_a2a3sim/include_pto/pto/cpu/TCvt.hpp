// Stands before PTO ISA's header of this name. Its versions of early 2026 round what is converted
// to integers only for types that they list, without bfloat16.
#ifndef A2A3SIM_PTO_TCVT_HPP
#define A2A3SIM_PTO_TCVT_HPP

#include_next <pto/cpu/TCvt.hpp>

#if !__has_include(<pto/cpu/TRandom.hpp>)
template <>
constexpr bool pto::is_float_like_v<bfloat16_t> = true;
#endif

#endif
