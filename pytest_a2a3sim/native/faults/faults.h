// What turns a crash of the simulating process into an a2a3_ending.
#pragma once

#include <signal.h>

#include "device/device_memory.h"
#include "graph/graph.h"
#include "shared/control.h"
#include "shared/shared_memory.h"

namespace a2a3sim {

/// Asks a thread of the simulating process for a ThreadDump.
int dump_signal();

/// For the simulating process: fatal signals, exit() and std::terminate() fill control.ending,
/// with the task of the thread they happen in, and end the process.
void install_fault_handlers(Control& control, SharedTable<a2a3_object>& objects);

/// `resolve` is asked about each fault of an access: if it returns true, the access is tried again.
/// It must be safe in a signal handler; null for none.
void set_fault_resolver(bool (*resolve)(uint64_t address));

/// What failed, by the phase that the case is in: `in_kernel` while a kernel is loaded or runs.
a2a3_failure blame(const Control& control, a2a3_failure in_kernel);
a2a3_failure blame(a2a3_phase phase, int loading_func_id, a2a3_failure in_kernel);

/// Fails the case with the exception that is being handled, after an ExceptionProbe clause has seen
/// it.
void fail_with_exception(Control& control, a2a3_failure kind);

/// Fails the case because the byte at `address`, next to a device buffer, was overwritten.
void fail_with_damage(Control& control, uintptr_t address);

/// While it lives, failures have the arguments of their task. With `inspected`, a task that writes
/// next to one of its watched buffers ends the process.
class GraphInView {
  public:
    GraphInView(const Graph& graph, const DeviceMemory* inspected);
    ~GraphInView();
    GraphInView(const GraphInView&) = delete;
    GraphInView& operator=(const GraphInView&) = delete;
};

/// Whether a GraphInView with such buffers lives.
bool is_inspecting();

/// To be called after each task then, in its thread.
void inspect_after_task(Control& control);

}  // namespace a2a3sim
