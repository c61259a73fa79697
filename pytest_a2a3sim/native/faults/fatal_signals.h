// The signals of faults: a kernel that blocks or ignores them is named all the same.
#pragma once

#include <signal.h>

namespace a2a3sim {

/// Installs `action` for each of them.
void catch_fatal_signals(const struct sigaction& action);

/// Has a loaded object call functions of the engine instead of the C library's sigprocmask() and
/// the like. They do the same but for these signals, which are neither blocked nor ignored; their
/// default is the action that catch_fatal_signals() has installed. What its static constructors did
/// is undone. Without such an action, in a process that is pytest's own, nothing is changed.
void keep_fatal_signals(void* handle);

}  // namespace a2a3sim
