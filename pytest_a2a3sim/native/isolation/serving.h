// What a process server does, and the messages that it is asked with.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "isolation/forking.h"

namespace a2a3sim {

enum class Wanted { kGreeting, kStart, kReap, kForget, kQuit };

/// What a message begins with. A greeting goes on with the surroundings of who asks, that of a case
/// with a CaseMessage, and it has the case's descriptors.
struct Request {
    uint64_t number;  // that of the answer, which answers nothing else
    Wanted wanted;
    pid_t owner;  // who asks
    pid_t process;
};

/// To all but the last.
struct Answer {
    uint64_t number = 0;
    bool agrees = false;  // the server's surroundings are the same
    pid_t process = -1;   // of the case; -1: it is better forked by who asks
    Reaped ending;
};

/// The descriptors of a case's message, in their order.
enum class Sent { kShared, kRecording, kWindow, kOutput, kError, kDirectory, kCount };

/// Forks processes of cases for whoever has the other end of the channel that is `descriptor`, and
/// ends with it.
[[noreturn]] void serve_processes(int descriptor) noexcept;

}  // namespace a2a3sim
