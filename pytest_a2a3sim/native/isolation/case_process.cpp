#include "isolation/case_process.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>

#include "base/failure.h"
#include "base/ticks.h"
#include "executor/task_runner.h"
#include "faults/faults.h"
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

  private:
    sigset_t previous_;
};

}  // namespace

void CaseProcess::start(const CaseDescription& description, SharedState& shared) {
    std::fflush(nullptr);  // or the child would write it once more
    const pid_t parent = getpid();
    prepare_snapshots();
    usable_cpus();  // is known to the child then
    const SignalsBlocked blocked;
    const OtherWindowsHidden others_hidden(*description.window);
    control_ = &shared.control;
    start_ns_ = monotonic_nanoseconds();
    // The report begins with 0, which is no news.
    shared.control.agree_on_news((static_cast<uint32_t>(start_ns_) | 1U << 31) & ~3U);
    pid_ = fork();
    if (pid_ < 0) {
        const int error = errno;
        if (error == EAGAIN) throw std::runtime_error(kNoMoreProcesses);
        throw std::system_error(error, std::generic_category(), "fork of the simulating process");
    }
    if (pid_ == 0) run_child(description, shared, parent);
    shared.hide_from_children();  // from those of later cases
    setpgid(pid_, pid_);
}

CaseProcess::~CaseProcess() {
    if (!exists()) return;
    kill();
    reap();
}

CaseProcess::State CaseProcess::look(News awaited, double seconds) {
    // A process that ends without a word is noticed after a small part of the time that it had.
    constexpr double kPart = 0.05;
    constexpr double kShortest = 1e-3;
    const int64_t begin = monotonic_nanoseconds();
    for (;;) {
        const int64_t now = monotonic_nanoseconds();
        const double left = seconds - to_seconds(now - begin);
        const double patience = std::max(to_seconds(now - start_ns_) * kPart, kShortest);
        const News news = control_->wait_for(awaited, std::clamp(left, 0.0, patience));
        if (news >= awaited) return news == News::kLeave ? State::kLeaves : State::kHasOutputs;
        siginfo_t info{};
        if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
            info.si_pid != 0) {
            return State::kHasEnded;
        }
        if (left <= 0) return State::kRuns;
    }
}

void CaseProcess::kill() const noexcept {
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
}

CaseProcess::End CaseProcess::reap() noexcept {
    int wait_status = 0;
    rusage usage{};
    pid_t reaped;
    do {
        reaped = wait4(pid_, &wait_status, 0, &usage);
    } while (reaped < 0 && errno == EINTR);
    ::kill(-pid_, SIGKILL);  // whatever the case left in its process group
    pid_ = -1;
    return {reaped > 0 ? wait_status : 0, static_cast<uint64_t>(usage.ru_maxrss) * 1024};
}

}  // namespace a2a3sim
