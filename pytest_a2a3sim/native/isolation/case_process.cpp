#include "isolation/case_process.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "base/ticks.h"
#include "isolation/left_behind.h"

namespace a2a3sim {

void CaseProcess::start(const CaseDescription& description, SharedState& shared) {
    const pid_t parent = owner_ = getpid();
    control_ = &shared.control;
    start_ns_ = monotonic_nanoseconds();
    pid_ = fork_quietly(description.window);
    if (pid_ == 0) run_child(description, shared, parent);
    shared.hide_from_children();  // from those of later cases
    setpgid(pid_, pid_);
}

bool CaseProcess::start(const CaseDescription& description, SharedState& shared,
                        std::shared_ptr<ServerProcess> server, const CaseFiles& files) {
    owner_ = getpid();
    control_ = &shared.control;
    start_ns_ = monotonic_nanoseconds();
    const std::optional<pid_t> process = server->start(description, shared.control, files);
    if (!process) return false;
    shared.hide_from_children();  // as above
    pid_ = *process;
#ifdef SYS_pidfd_open
    handle_ = Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
#endif
    server_ = std::move(server);
    return true;
}

bool CaseProcess::is_foreign() const noexcept { return getpid() != owner_; }

CaseProcess::~CaseProcess() {
    if (!exists() || is_foreign()) return;
    kill();
    if (server_ != nullptr) {
        server_->forget(pid_);
    } else {
        reap_process(pid_);
    }
}

bool CaseProcess::has_ended() const noexcept {
    if (server_ == nullptr) return has_process_ended(pid_);
    pollfd asked{handle_.number(), POLLIN, 0};
    if (handle_.is_open() && poll(&asked, 1, 0) == 0) return false;
    const char state = state_of_process(pid_);
    return state == '\0' || state == 'Z' || state == 'X';
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
        if (has_ended()) return State::kHasEnded;
        if (left <= 0) return State::kRuns;
    }
}

void CaseProcess::kill() const noexcept {
    if (pid_ <= 1 || is_foreign()) return;  // to signal 1 or -1 is to signal all processes
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
}

Reaped CaseProcess::reap() noexcept {
    std::optional<Reaped> ending;
    if (server_ == nullptr) {
        ending = reap_process(pid_);
    } else if (ending = server_->reap(pid_); !ending) {
        kill();
        // Nobody can say how it ended but the case, which has left a receipt if it is over.
        const bool is_done = read_phase(*control_) == A2A3_PHASE_DONE;
        ending = Reaped{is_done ? 0 : SIGKILL, 0};
    }
    pid_ = -1;
    return *ending;
}

}  // namespace a2a3sim
