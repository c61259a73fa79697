// The stack that a thread's signal handlers run on.
#pragma once

#include <signal.h>

#include <memory>

namespace a2a3sim {

/// Gives the calling thread a stack for signal handlers, so that a stack overflow can be told (if
/// there is memory for one), and makes the thread known to the watchdog.
class SignalStack {
  public:
    SignalStack();
    ~SignalStack();
    SignalStack(const SignalStack&) = delete;
    SignalStack& operator=(const SignalStack&) = delete;

  private:
    std::unique_ptr<char[]> memory_;
    stack_t previous_{};
};

}  // namespace a2a3sim
