// What a process server does, and the messages that it is asked with.
#pragma once

#include <sys/types.h>

#include <string>

#include "isolation/forking.h"

namespace a2a3sim {

enum class Wanted { kStart, kHasEnded, kReap, kForget, kQuit };

/// What a message begins with. That of a case goes on with a CaseMessage, and has its descriptors.
struct Request {
    Wanted wanted;
    pid_t owner;  // who asks
    pid_t process;
};

/// To all but the last two.
struct Answer {
    pid_t process = -1;  // of the case; -1: it is better forked by who asks
    bool has_ended = true;
    Reaped ending;
};

/// The descriptors of a case's message, in their order.
enum class Sent { kShared, kWindow, kOutput, kError, kDirectory, kCount };

/// Forks processes of cases for whoever has the other end of the channel that is `descriptor`, and
/// ends with it.
[[noreturn]] void serve_processes(int descriptor) noexcept;

}  // namespace a2a3sim
