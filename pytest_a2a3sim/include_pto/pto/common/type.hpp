// Stands before PTO ISA's header of this name.
//
// Its bfloat16_t is right: where the compiler has no such type, PTO ISA takes _Float16 in its
// place, whose values are others. GCC 13 has one that does not work on x86-64.
//
// Where kernels are looked into, public instructions are functions of their own, so that a kernel
// tells when one begins and ends.
#ifndef A2A3SIM_PTO_TYPE_HPP
#define A2A3SIM_PTO_TYPE_HPP

#if defined(__STDCPP_BFLOAT16_T__) && (defined(__clang__) || __GNUC__ > 13)
#include_next <pto/common/type.hpp>
#else
#include "bfloat16.hpp"
#if __has_include(<stdfloat>)
#include <stdfloat>
#endif
namespace std {
using a2a3sim_wrong_bfloat16 = _Float16;
}
#define bfloat16_t a2a3sim_wrong_bfloat16
#include_next <pto/common/type.hpp>
#undef bfloat16_t
using bfloat16_t = a2a3sim::bfloat16;
#ifndef CPU_SIM_BFLOAT_ENABLED
#define CPU_SIM_BFLOAT_ENABLED
#endif
#endif

#ifdef A2A3SIM_LOOKS_INSIDE
#undef PTO_INST
#define PTO_INST inline __attribute__((noinline))
#endif

#endif
