#include "isolation/forking.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "base/descriptor.h"
#include "base/failure.h"
#include "executor/task_runner.h"
#include "faults/snapshot.h"

namespace a2a3sim {

namespace {

/// Blocks every signal in this thread while it lives. A child inherits the mask and the handlers:
/// between fork() and the reset of the handlers, one of them would run in a second process, on
/// state (Python's, for one) that it takes for the parent's. The parent gets its signals when this
/// ends.
class SignalsBlocked {
  public:
    SignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &previous_);
    }
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

    void leave_to_child() { pthread_sigmask(SIG_BLOCK, nullptr, &previous_); }

  private:
    sigset_t previous_;
};

}  // namespace

pid_t fork_quietly(const HostWindow* shown) {
    std::fflush(nullptr);  // or the child would write it once more
    prepare_snapshots();
    usable_cpus();  // is known to the child then
    SignalsBlocked blocked;
    const OtherWindowsHidden others_hidden(shown);
    const pid_t process = fork();
    if (process == 0) blocked.leave_to_child();
    if (process < 0) {
        const int error = errno;
        if (error == EAGAIN) throw std::runtime_error(kNoMoreProcesses);
        throw std::system_error(error, std::generic_category(), "fork of the simulating process");
    }
    return process;
}

bool has_process_ended(pid_t process) noexcept {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid != 0;
}

Reaped reap_process(pid_t process) noexcept {
    int wait_status = 0;
    rusage usage{};
    pid_t reaped;
    do {
        reaped = wait4(process, &wait_status, 0, &usage);
    } while (reaped < 0 && errno == EINTR);
    ::kill(-process, SIGKILL);  // whatever the case left in its process group
    return {reaped > 0 ? wait_status : 0, static_cast<uint64_t>(usage.ru_maxrss) * 1024};
}

char state_of_process(pid_t process) noexcept {
    char text[64];
    std::snprintf(text, sizeof text, "/proc/%d/stat", static_cast<int>(process));
    const Descriptor file(open(text, O_RDONLY | O_CLOEXEC));
    const ssize_t length = file.is_open() ? read(file.number(), text, sizeof text - 1) : 0;
    text[length > 0 ? length : 0] = '\0';
    const char* const name_end = std::strrchr(text, ')');  // names have any character
    return name_end == nullptr || name_end[1] == '\0' ? '\0' : name_end[2];
}

void close_descriptors_of_parent(int kept) {
    constexpr int kFirst = STDERR_FILENO + 1;
#ifdef SYS_close_range
    const int behind = std::max(kept + 1, kFirst);
    if ((kept <= kFirst || syscall(SYS_close_range, kFirst, kept - 1, 0) == 0) &&
        syscall(SYS_close_range, behind, ~0U, 0) == 0) {
        return;
    }
#endif
    const std::unique_ptr<DIR, int (*)(DIR*)> open_ones(opendir("/proc/self/fd"), closedir);
    if (open_ones == nullptr) return;
    std::vector<int> descriptors;
    while (const dirent* const entry = readdir(open_ones.get())) {
        const int descriptor = std::atoi(entry->d_name);
        if (descriptor >= kFirst && descriptor != kept && descriptor != dirfd(open_ones.get())) {
            descriptors.push_back(descriptor);
        }
    }
    for (const int descriptor : descriptors) close(descriptor);
}

}  // namespace a2a3sim
