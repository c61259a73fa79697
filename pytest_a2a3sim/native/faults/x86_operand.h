// The memory operand of an x86-64 instruction.
#pragma once

#include <cstdint>

namespace a2a3sim {

/// The address that the instruction at `code` accesses with these general registers (in the order
/// of their numbers: rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 ... r15), by the ModRM byte of the
/// one- and two-byte opcodes, VEX and EVEX. Gathers and scatters count as their base. False for
/// instructions without such an operand.
bool x86_memory_operand(const uint8_t* code, const uint64_t* registers, uint64_t& address);

}  // namespace a2a3sim
