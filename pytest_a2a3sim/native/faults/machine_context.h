// What a signal handler's context says about the interrupted code, on each machine.
#pragma once

#include <signal.h>

#include <cstdint>

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

uint64_t program_counter(const void* context);
uint64_t stack_pointer(const void* context);

/// Of a function that was entered and did nothing yet; 0 if it cannot be read.
uint64_t return_address(const void* context);

/// How the interrupted code touched memory when it received SIGSEGV or SIGBUS.
a2a3_access access_kind(const void* context);

/// Whether 8 bytes can be read at `address`. Needs every signal blocked in the calling thread.
bool is_readable(uint64_t address);

/// The memory operand of the interrupted instruction where the machine does not tell the address
/// that it could not access (x86: an address that is not canonical, or a misaligned vector).
/// False if it cannot be found out.
bool memory_operand(const void* context, uint64_t& address);

/// Adds to `ending` how memory was accessed, and where as far as the machine tells.
void describe_access(const siginfo_t& info, const void* context, a2a3_ending& ending);

}  // namespace a2a3sim
