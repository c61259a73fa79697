// Stands before PTO ISA's header of this name: its public instructions are functions of their own,
// so that a kernel tells when one begins and ends.
#ifndef A2A3SIM_PTO_TYPE_HPP
#define A2A3SIM_PTO_TYPE_HPP

#include_next <pto/common/type.hpp>

#undef PTO_INST
#define PTO_INST inline __attribute__((noinline))

#endif
