#include "isolation/case_child.h"

#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "faults/faults.h"
#include "faults/signal_stack.h"
#include "isolation/default_signals.h"
#include "isolation/forking.h"

namespace a2a3sim {

namespace {

void reset_signals() {
    restore_default_signals();
    // This process is in the terminal's background, where `stty tostop` would stop it as it prints.
    signal(SIGTTOU, SIG_IGN);
}

/// Whether GNU's OpenMP runtime is loaded. Its pool of threads belongs to the thread that first
/// used it; a copy of that thread in a forked process would wait for threads that are not there.
bool has_gnu_openmp() {
    return dl_iterate_phdr(
               [](dl_phdr_info* info, size_t, void*) {
                   return std::strstr(info->dlpi_name, "libgomp") != nullptr ? 1 : 0;
               },
               nullptr) != 0;
}

/// Calls `action` in a thread that has no past, if there can be one.
template <typename Action>
void call_in_new_thread(Action action) {
    std::optional<std::thread> thread;
    try {
        thread.emplace(action);
    } catch (const std::exception&) {
        action();
        return;
    }
    thread->join();
}

/// No core file: the ending has what it would be opened for.
void leave_nothing_behind() {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
}

/// When the machine runs out of memory, the system ends this process before any other.
void volunteer_for_out_of_memory() {
    const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    [[maybe_unused]] const ssize_t written = write(file, "1000", 4);
    close(file);
}

/// Ends this process with the thread of `parent` that forked it, at once if `parent` is gone.
void end_with(pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);
}

pid_t forking = -1;  // the process of the case that forked last

/// What the case forks ends with it, in whatever process group it is.
void take_descendants_along() {
    pthread_atfork([] { forking = getpid(); }, nullptr, [] { end_with(forking); });
}

/// Whether this is all that there is of the case: one thread, and no process that it has started.
bool is_alone() {
    struct stat threads{};
    constexpr nlink_t kOneThread = 3;  // of a directory, two are its own
    if (forking >= 0 || stat("/proc/self/task", &threads) != 0 || threads.st_nlink != kOneThread) {
        return false;
    }
    return waitpid(-1, nullptr, WNOHANG | __WALL) < 0 && errno == ECHILD;
}

void take_leave(Control& control) {
    if (!is_alone()) return;
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    control.take_leave(static_cast<uint64_t>(usage.ru_maxrss) * 1024);
}

/// The system gives back what this process has faster than destructors do.
[[noreturn]] void end_process(Control& control) {
    std::fflush(nullptr);
    take_leave(control);
    _exit(0);
}

void redirect(int descriptor, int to) {
    if (to < 0 || to == descriptor) return;
    dup2(to, descriptor);
    if (descriptor == STDIN_FILENO) close(to);
}

}  // namespace

// This process is a copy of one that may have many threads; of these it has the one that called
// fork(). POSIX lets it call async-signal-safe functions only (fork(2)): a lock that another thread
// held stays locked, and what it protects may be half changed. More is called here, because the C
// library promises more, or because no other thread used it:
//
// * malloc(), operator new and stdio: fork() of glibc waits for the locks of malloc and of the list
//   of streams; the child gets them back, and a fresh lock for each stream. musl, since 1.2.2,
//   takes its locks over a fork too.
// * dlopen() and dlsym(): the child of glibc gets fresh locks of the loader, but whatever a thread
//   that was loading an object at that moment had half done. This stays open: a parent in which
//   another thread imports an extension just then can have a child that crashes or hangs in
//   dlopen(), which is told like any other crash or hang.
// * pthread_create(): the child of glibc reclaims the stacks of the threads that are gone.
// * The unwinder: prepare_snapshots() has called it before the fork.
// * The engine: what it keeps between calls is this case's alone, its shared memory has no locks,
//   and it leaves no threads behind.
//
// What belongs to the parent is not called: Python, whose lock another thread may hold, and the
// handlers of atexit(), hence _exit().
//
// All signals are blocked from before the fork (SignalsBlocked in forking.cpp) until
// reset_signals() has removed the parent's handlers: none of them runs in here.
void run_child(const CaseDescription& description, SharedState& shared, pid_t parent) noexcept {
    setpgid(0, 0);
    end_with(parent);
    reset_signals();
    leave_nothing_behind();
    volunteer_for_out_of_memory();
    take_descendants_along();
    redirect(STDIN_FILENO, open("/dev/null", O_RDONLY));
    redirect(STDOUT_FILENO, description.output_descriptor);
    redirect(STDERR_FILENO, description.error_descriptor);
    setvbuf(stdout, nullptr, _IOLBF, 1 << 16);
    shared.hide_from_children();
    description.window->hide_from_children();
    close_descriptors_of_parent(description.dump.descriptor);
    const SignalStack signal_stack;
    install_fault_handlers(shared.control, shared.objects);
    const auto end = [&] { end_process(shared.control); };
    if (has_gnu_openmp()) {
        call_in_new_thread([&] {
            const SignalStack stack_of_thread;
            simulate(description, shared, end);
        });
    } else {
        simulate(description, shared, end);
    }
    end_process(shared.control);
}

}  // namespace a2a3sim
