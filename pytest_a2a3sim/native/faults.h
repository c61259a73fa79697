// What turns a crash of the simulating process into a report.
#pragma once

#include <memory>

#include "control.h"

namespace a2a3sim {

/// For the simulating process: fatal signals, exit() and std::terminate() fill control.report,
/// with the task of the thread they happen in, and end the process.
void install_fault_handlers(Control& control);

/// Gives the calling thread a stack for signal handlers, so that a stack overflow can be reported.
class SignalStack {
  public:
    SignalStack();
    ~SignalStack();
    SignalStack(const SignalStack&) = delete;
    SignalStack& operator=(const SignalStack&) = delete;

  private:
    std::unique_ptr<char[]> memory_;
};

}  // namespace a2a3sim
