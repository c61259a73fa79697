// A stand-in for PTO ISA of early 2026, as far as tests use it.
#ifndef PTO_INST_HPP
#define PTO_INST_HPP

#include <pto/common/type.hpp>

#include "pto/common/cpu_stub.hpp"

#include <pto/common/pto_tile.hpp>

#include "pto/common/pto_instr.hpp"

#endif
