#include "case_run.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <new>
#include <system_error>

#include "faults.h"
#include "text.h"

namespace a2a3sim {

namespace {

[[noreturn]] void fail_with_errno(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// A descriptor that becomes readable when the process ends; -1 on kernels without them.
int open_process(pid_t pid) {
#ifdef SYS_pidfd_open
    return static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
#else
    (void)pid;
    return -1;
#endif
}

/// Blocks every signal while it lives, so that no handler of the parent runs in its child.
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

/// Signals as a program finds them at its start.
void reset_signals() {
    for (int signal_number = 1; signal_number < NSIG; ++signal_number) {
        signal(signal_number, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace

SharedMemory::SharedMemory(size_t size) : size_(size) {
    data_ = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (data_ == MAP_FAILED) fail_with_errno("shared memory for a case");
}

SharedMemory::~SharedMemory() { munmap(data_, size_); }

CaseRun::CaseRun(CaseDescription description)
    : description_(std::move(description)),
      shared_(sizeof(Control) + description_.tensors.size() * sizeof(uint64_t)),
      control_(*new (shared_.data()) Control()),
      copied_back_(
          reinterpret_cast<uint64_t*>(static_cast<char*>(shared_.data()) + sizeof(Control))),
      last_progress_ns_(monotonic_nanoseconds()) {
    a2a3_report& report = control_.report;
    report.task_id = report.func_id = report.core_type = report.core_id = -1;
    report.exit_status = -1;
    control_.start_nanoseconds = monotonic_nanoseconds();
    if (description_.isolate) {
        start_child();
    } else {
        simulate(description_, control_, timeline_, copied_back_);
        end_ticks_ = read_ticks();
    }
}

CaseRun::~CaseRun() {
    if (child_ > 0) {
        kill_child();
        reap();
    }
}

void CaseRun::start_child() {
    std::fflush(nullptr);
    const pid_t parent = getpid();
    const SignalsBlocked blocked;
    child_ = fork();
    if (child_ < 0) fail_with_errno("fork of the simulating process");
    if (child_ == 0) run_child(parent);
    setpgid(child_, child_);
    child_descriptor_ = open_process(child_);
}

void CaseRun::run_child(pid_t parent) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);
    reset_signals();
    const int null_input = open("/dev/null", O_RDONLY);
    if (null_input >= 0) {
        dup2(null_input, STDIN_FILENO);
        if (null_input != STDIN_FILENO) close(null_input);
    }
    setvbuf(stdout, nullptr, _IOLBF, 1 << 16);
    const SignalStack signal_stack;
    install_fault_handlers(control_);
    simulate(description_, control_, timeline_, copied_back_);
    std::fflush(nullptr);
    _exit(0);
}

bool CaseRun::child_ended(double seconds) {
    const int milliseconds = static_cast<int>(seconds * 1e3) + 1;
    if (child_descriptor_ >= 0) {
        pollfd entry{child_descriptor_, POLLIN, 0};
        return poll(&entry, 1, milliseconds) == 1;
    }
    siginfo_t info{};
    for (int waited = 0; waited < milliseconds; ++waited) {
        if (waitid(P_PID, static_cast<id_t>(child_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
            info.si_pid != 0) {
            return true;
        }
        usleep(1000);
    }
    return false;
}

void CaseRun::kill_child() {
    kill(-child_, SIGKILL);
    kill(child_, SIGKILL);
}

void CaseRun::reap() {
    int wait_status = 0;
    rusage usage{};
    pid_t reaped;
    do {
        reaped = wait4(child_, &wait_status, 0, &usage);
    } while (reaped < 0 && errno == EINTR);
    kill(-child_, SIGKILL);  // whatever the case left in its process group
    child_ = -1;
    end_ticks_ = read_ticks();
    control_.report.peak_rss_bytes = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
    if (child_descriptor_ >= 0) close(child_descriptor_);
    child_descriptor_ = -1;
    const bool explained = control_.failure_reported.load(std::memory_order_acquire) != 0 ||
                           control_.phase.load(std::memory_order_acquire) == A2A3_PHASE_DONE;
    if (!explained) report_unexplained_end(reaped > 0 ? wait_status : 0);
}

void CaseRun::report_unexplained_end(int wait_status) {
    const bool in_kernel = control_.phase.load(std::memory_order_relaxed) == A2A3_PHASE_EXECUTE;
    const a2a3_failure kind = in_kernel ? (WIFSIGNALED(wait_status) ? A2A3_FAILURE_KERNEL_FAULT
                                                                    : A2A3_FAILURE_KERNEL_EXIT)
                                        : A2A3_FAILURE_ORCHESTRATION;
    control_.failure_claimed.store(0, std::memory_order_relaxed);  // by a thread that is gone
    control_.fail(kind, [&](a2a3_report& report) {
        if (WIFSIGNALED(wait_status)) {
            report.signal_number = WTERMSIG(wait_status);
        } else {
            report.exit_status = WEXITSTATUS(wait_status);
        }
    });
}

bool CaseRun::hangs(double hang_seconds) {
    const uint64_t progress = control_.progress();
    const int64_t now = monotonic_nanoseconds();
    if (progress != last_progress_) {
        last_progress_ = progress;
        last_progress_ns_ = now;
    }
    return 1e-9 * static_cast<double>(now - last_progress_ns_) >= hang_seconds;
}

void CaseRun::report_hang() {
    const bool in_kernel = control_.phase.load(std::memory_order_relaxed) == A2A3_PHASE_EXECUTE;
    const double seconds = 1e-9 * static_cast<double>(monotonic_nanoseconds() - last_progress_ns_);
    control_.fail(in_kernel ? A2A3_FAILURE_KERNEL_HANG : A2A3_FAILURE_ORCHESTRATION,
                  [&](a2a3_report& report) { report.hang_seconds = seconds; });
}

a2a3_status CaseRun::wait(double seconds, double hang_seconds) {
    constexpr double kWatchInterval = 0.1;
    const int64_t start = monotonic_nanoseconds();
    while (child_ > 0) {
        const double left = seconds - 1e-9 * static_cast<double>(monotonic_nanoseconds() - start);
        if (child_ended(std::clamp(left, 0.0, std::min(kWatchInterval, hang_seconds)))) {
            reap();
        } else if (hangs(hang_seconds)) {
            report_hang();
            kill_child();
            reap();
        } else if (left <= 0) {
            return A2A3_RUNNING;
        }
    }
    return control_.report.failure == A2A3_FAILURE_NONE ? A2A3_OK : A2A3_FAILED;
}

a2a3_report CaseRun::report() const {
    a2a3_report report = control_.report;
    if (report.failure == A2A3_FAILURE_NONE) {
        report.phase = control_.phase.load(std::memory_order_relaxed);
    }
    return report;
}

std::vector<a2a3_running_task> CaseRun::running_tasks() const {
    std::vector<a2a3_running_task> tasks;
    const double rate = tick_rate_.ticks_per_second();
    const int32_t count = control_.worker_count.load(std::memory_order_acquire);
    for (int32_t i = 0; i < count; ++i) {
        const WorkerSlot& slot = control_.workers[i];
        const int32_t id = slot.task_id.load(std::memory_order_acquire);
        if (id < 0) continue;
        const int64_t ticks = end_ticks_ - slot.start_ticks.load(std::memory_order_relaxed);
        tasks.push_back(a2a3_running_task{id, slot.func_id.load(std::memory_order_relaxed),
                                          slot.core_type.load(std::memory_order_relaxed),
                                          slot.core_id.load(std::memory_order_relaxed),
                                          static_cast<double>(ticks) / rate});
    }
    return tasks;
}

void* CaseRun::map_recording(size_t* nbytes) const {
    const bool done = control_.phase.load(std::memory_order_acquire) == A2A3_PHASE_DONE;
    return done ? timeline_.map_all(nbytes) : nullptr;
}

}  // namespace a2a3sim
