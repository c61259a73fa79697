// Finds out where an uncaught exception was thrown.
//
// The search for a handler walks the stack from the throw outwards while all of it still stands.
// It asks the type of each catch clause whether it matches; a clause that names ExceptionProbe is
// asked too, records the frames, and never matches:
//
//   try { kernel(args); } catch (const ExceptionProbe&) {} catch (const std::exception& e) { ... }
#pragma once

#include <cstddef>

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

class ExceptionProbe {
  public:
    virtual ~ExceptionProbe();
};

/// Frames at the throw of the last exception in this thread that reached an ExceptionProbe clause.
const a2a3_snapshot& last_throw();

/// "std::runtime_error: bad tile" for the exception that is being handled. Needs no memory, which
/// may be what it is about.
void describe_current_exception(char* text, size_t size);

}  // namespace a2a3sim
