// How processes are forked, watched and reaped.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "device/host_window.h"

namespace a2a3sim {

/// fork(), with all signals blocked in the new process, no window but `shown` in its memory, and
/// what handlers of signals need prepared. Throws std::system_error or std::runtime_error when it
/// is impossible.
pid_t fork_quietly(const HostWindow* shown);

/// Whether a child of this process has ended; it can still be reaped.
bool has_process_ended(pid_t process) noexcept;

struct Reaped {
    int wait_status = 0;
    uint64_t peak_rss_bytes = 0;
};

/// Waits for the end of a child, and ends what is left in its process group.
Reaped reap_process(pid_t process) noexcept;

/// The letter of a process's state as /proc/<pid>/stat has it, such as 'T' for one that is stopped;
/// '\0' if there is no such process.
char state_of_process(pid_t process) noexcept;

/// Closes every descriptor but stdin, stdout, stderr and `kept`: what is open in the parent (the
/// channel of an xdist worker, for one) is no matter of the calling process.
void close_descriptors_of_parent(int kept);

}  // namespace a2a3sim
