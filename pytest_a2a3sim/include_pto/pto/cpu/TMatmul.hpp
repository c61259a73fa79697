// Stands before PTO ISA's header of this name. Its versions of early 2026 multiply bfloat16 only
// where that is _Float16 by mistake: their list of types has `half` alone, which stands for both
// here.
#ifndef A2A3SIM_PTO_TMATMUL_HPP
#define A2A3SIM_PTO_TMATMUL_HPP

#if __has_include(<pto/cpu/TRandom.hpp>)
#include_next <pto/cpu/TMatmul.hpp>
#else
#include <type_traits>

namespace a2a3sim {
template <typename Element>
using half_or_bfloat16 =
    std::conditional_t<std::is_same_v<Element, ::bfloat16_t>, ::bfloat16_t, ::half>;
}
#define half a2a3sim::half_or_bfloat16<AType>
#include_next <pto/cpu/TMatmul.hpp>
#undef half
#endif

#endif
