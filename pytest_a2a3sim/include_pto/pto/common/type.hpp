// Stands before PTO ISA's header of this name. Where kernels are looked into, its public
// instructions are functions of their own, so that a kernel tells when one begins and ends.
#ifndef A2A3SIM_PTO_TYPE_HPP
#define A2A3SIM_PTO_TYPE_HPP

#include_next <pto/common/type.hpp>

#ifdef A2A3SIM_LOOKS_INSIDE
#undef PTO_INST
#define PTO_INST inline __attribute__((noinline))
#endif

#endif
