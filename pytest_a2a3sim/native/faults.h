// What turns a crash of the simulating process into a report.
#pragma once

#include <signal.h>

#include <memory>

#include "control.h"
#include "device_memory.h"
#include "graph.h"
#include "shared_state.h"

namespace a2a3sim {

/// Asks a thread of the simulating process for a ThreadDump.
int dump_signal();

/// For the simulating process: fatal signals, exit() and std::terminate() fill control.report,
/// with the task of the thread they happen in, and end the process.
void install_fault_handlers(SharedState& shared);

/// What failed, by the phase that the case is in: `in_kernel` while a kernel is loaded or runs.
a2a3_failure blame(const Control& control, a2a3_failure in_kernel);

/// Reports the exception that is being handled, after an ExceptionProbe clause has seen it.
void report_exception(Control& control, a2a3_failure kind);

/// Reports that the byte at `address`, next to a device buffer, was overwritten.
void report_damage(Control& control, uintptr_t address);

/// While it lives, reports have the arguments of their task. With `inspected`, a task that writes
/// next to one of its watched buffers ends the process.
class GraphInView {
  public:
    GraphInView(const Graph& graph, const DeviceMemory* inspected);
    ~GraphInView();
    GraphInView(const GraphInView&) = delete;
    GraphInView& operator=(const GraphInView&) = delete;
};

/// To be called after each task, in its thread.
void inspect_after_task(Control& control);

/// Gives the calling thread a stack for signal handlers, so that a stack overflow can be reported,
/// and makes the thread known to the watchdog.
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
