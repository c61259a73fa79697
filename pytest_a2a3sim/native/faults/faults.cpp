#include "faults/faults.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "faults/argument_areas.h"
#include "faults/exception_probe.h"
#include "faults/fatal_signals.h"
#include "faults/loaded_objects.h"
#include "faults/machine_context.h"
#include "faults/snapshot.h"

namespace a2a3sim {

// What the handlers of signals call, and why they may. A signal interrupts any code, also malloc()
// while it holds its lock: nothing here allocates, prints or waits for a lock.
//
// * getpid(), poll(), write() and _exit() are async-signal-safe by signal-safety(7). syscall() only
//   enters the kernel: for gettid(), and for rt_sigprocmask(), whose errno, which is restored,
//   tells whether an address can be read.
// * The state of the case is lock-free atomics and memory that was mapped before. Control::fail()
//   gives `ending` to one thread; others wait until it is complete, and do not touch it.
// * The globals below are written before the handlers are installed, and by GraphInView before the
//   workers start and after they have ended. None is thread_local: see Control::find_worker().
// * capture_frames() calls the unwinder: see snapshot.cpp.
// * record_loaded_objects() takes locks of the loader, while its own thread is in dlopen(), which
//   runs a static constructor: these locks are recursive.
//
// std::snprintf() is called by the handlers of exit(), of std::terminate() and of exceptions, which
// interrupt nothing. Handlers of signals block all signals, and run on a stack of their own, since
// the thread may have run out of its own.

namespace {

Control* watched_control = nullptr;
SharedTable<a2a3_object>* watched_objects = nullptr;
pid_t simulating_process = 0;
const Graph* graph_in_view = nullptr;
const DeviceMemory* inspected_memory = nullptr;
bool (*resolve_fault)(uint64_t address) = nullptr;

/// False in a process that a kernel forked: what happens there is not the case's.
bool is_simulating_process() { return getpid() == simulating_process; }

/// Whether the access that faulted can go on.
bool is_resolved(int signal_number, const siginfo_t& info) {
    return signal_number == SIGSEGV && info.si_code > 0 && resolve_fault != nullptr &&
           resolve_fault(reinterpret_cast<uint64_t>(info.si_addr));
}

/// Copies the first arguments of a task; returns how many it has.
int32_t copy_args(int32_t task_id, a2a3_snapshot& snapshot) {
    snapshot.arg_count = 0;
    if (graph_in_view == nullptr || task_id < 0 || task_id >= graph_in_view->task_count()) return 0;
    const TaskNode& task = graph_in_view->tasks[static_cast<size_t>(task_id)];
    snapshot.arg_count = std::min<int32_t>(task.num_args, A2A3_MOST_ARGS);
    std::copy_n(graph_in_view->args.data() + task.first_arg, snapshot.arg_count, snapshot.args);
    return task.num_args;
}

void name_culprit(Control& control, a2a3_ending& ending) {
    if (ending.phase == A2A3_PHASE_LOAD) {
        ending.func_id = control.loading_func_id();
        // This thread is the one that loads.
        if (watched_objects != nullptr) record_loaded_objects(*watched_objects);
    }
    const WorkerSlot* const worker = control.find_worker(system_thread_id());
    if (worker == nullptr) return;
    ending.task_id = worker->task_id.load(std::memory_order_relaxed);
    if (ending.task_id < 0) return;
    ending.func_id = worker->func_id.load(std::memory_order_relaxed);
    ending.core_type = worker->core_type.load(std::memory_order_relaxed);
    ending.core_id = worker->core_id.load(std::memory_order_relaxed);
    const int32_t arg_count = copy_args(ending.task_id, ending.snapshot);
    if (ending.has_address == 0) return;
    const auto index = static_cast<int>(worker - control.live->workers);
    const int past = ArgumentAreas::missing_argument(index, ending.address);
    if (past >= 0) ending.missing_argument = arg_count + past;
}

/// Marks the ending as one that stands without its backtrace, and adds that: a damaged stack may
/// end the process while it is walked.
void add_frames(Control& control, const void* context, a2a3_ending& ending) {
    control.complete(1);
    capture_frames(context, ending.snapshot);
}

/// Ends the process once another thread's failure, which came first, is complete.
[[noreturn]] void yield_to_first_failure() {
    while (watched_control->completed() != 2) {
        poll(nullptr, 0, 1);
    }
    _exit(1);
}

/// Writes what stdout holds back, without its lock, which the interrupted code may hold. musl does
/// not show its buffer: there, that output is lost.
void flush_stdout() {
#if defined(__GLIBC__)
    const char* next = stdout->_IO_write_base;
    const char* const end = stdout->_IO_write_ptr;
    while (next < end) {
        const ssize_t written = write(STDOUT_FILENO, next, static_cast<size_t>(end - next));
        if (written <= 0) break;
        next += written;
    }
#endif
}

void on_signal(int signal_number, siginfo_t* info, void* context) {
    if (is_resolved(signal_number, *info)) return;
    if (!is_simulating_process()) _exit(128 + signal_number);
    Control& control = *watched_control;
    const bool first =
        control.fail(blame(control, A2A3_FAILURE_KERNEL_FAULT), [&](a2a3_ending& ending) {
            ending.signal_number = signal_number;
            ending.signal_code = info->si_code;
            describe_access(*info, context, ending);
            name_culprit(control, ending);
            add_frames(control, context, ending);
        });
    if (!first) yield_to_first_failure();
    flush_stdout();
    _exit(128 + signal_number);
}

void on_dump(int, siginfo_t*, void* context) {
    if (!is_simulating_process()) return;
    Control& control = *watched_control;
    const WorkerSlot* const worker = control.find_worker(system_thread_id());
    control.dumps.set_writable(true);
    ThreadDump& dump = worker == nullptr ? control.dumps->main_thread
                                         : control.dumps->workers[worker - control.live->workers];
    copy_args(worker == nullptr ? -1 : worker->task_id.load(std::memory_order_relaxed),
              dump.snapshot);
    capture_frames(context, dump.snapshot);
    dump.complete.store(1, std::memory_order_release);
}

bool fail_with_exit(int status) {
    Control& control = *watched_control;
    return control.fail(blame(control, A2A3_FAILURE_KERNEL_EXIT), [&](a2a3_ending& ending) {
        ending.exit_status = status;
        name_culprit(control, ending);
        add_frames(control, nullptr, ending);
    });
}

/// Handlers of quick_exit() do not learn its status, nor do those of atexit(): the parent does,
/// when the process has ended.
void on_exit_of_unknown_status() {
    if (!is_simulating_process()) return;
    if (!fail_with_exit(kExitStatusToLearn)) yield_to_first_failure();
}

#if defined(__GLIBC__)

/// Handlers that the parent installed before the fork, those of its libraries among them, are not
/// called, by what a kernel forked neither: they take locks that a thread of the parent may have
/// held, for ever then.
void on_exit_call(int status, void*) {
    if (is_simulating_process() && !fail_with_exit(status)) yield_to_first_failure();
    fflush(nullptr);
    _exit(status);
}

void watch_exit() { on_exit(on_exit_call, nullptr); }

#else

void watch_exit() { std::atexit(on_exit_of_unknown_status); }

#endif

bool is_out_of_memory() {
    try {
        std::rethrow_exception(std::current_exception());
    } catch (const std::bad_alloc&) {
        return true;
    } catch (...) {
        return false;
    }
}

[[noreturn]] void on_terminate() {
    if (!is_simulating_process() || std::current_exception() == nullptr) abort();
    Control& control = *watched_control;
    char what[A2A3_MESSAGE_LENGTH];
    describe_current_exception(what, sizeof what);
    const a2a3_failure kind = is_out_of_memory() ? A2A3_FAILURE_OUT_OF_MEMORY
                                                 : blame(control, A2A3_FAILURE_KERNEL_EXCEPTION);
    const bool first = control.fail(kind, [&](a2a3_ending& ending) {
        ending.exception = 1;
        std::snprintf(ending.message, sizeof ending.message, "%s", what);
        name_culprit(control, ending);
        add_frames(control, nullptr, ending);
    });
    if (!first) yield_to_first_failure();
    flush_stdout();
    _exit(128 + SIGABRT);
}

/// pthread_exit() unwinds the stack like an exception, but must not be stopped like one.
[[noreturn]] void end_forced_unwinding(Control& control) {
    const bool first =
        control.fail(blame(control, A2A3_FAILURE_KERNEL_EXIT), [&](a2a3_ending& ending) {
            name_culprit(control, ending);
            std::snprintf(ending.message, sizeof ending.message,
                          "ended its thread with pthread_exit()");
        });
    if (!first) yield_to_first_failure();
    flush_stdout();
    _exit(1);
}

}  // namespace

void set_fault_resolver(bool (*resolve)(uint64_t address)) { resolve_fault = resolve; }

int dump_signal() { return SIGRTMAX - 2; }

a2a3_failure blame(const Control& control, a2a3_failure in_kernel) {
    return blame(control.phase(), control.loading_func_id(), in_kernel);
}

a2a3_failure blame(a2a3_phase phase, int loading_func_id, a2a3_failure in_kernel) {
    const bool kernel_loads = phase == A2A3_PHASE_LOAD && loading_func_id >= 0;
    return phase == A2A3_PHASE_EXECUTE || kernel_loads ? in_kernel : A2A3_FAILURE_ORCHESTRATION;
}

void fail_with_exception(Control& control, a2a3_failure kind) {
    if (std::current_exception() == nullptr) end_forced_unwinding(control);
    char what[A2A3_MESSAGE_LENGTH];
    describe_current_exception(what, sizeof what);
    control.fail(is_out_of_memory() ? A2A3_FAILURE_OUT_OF_MEMORY : kind, [&](a2a3_ending& ending) {
        ending.exception = 1;
        name_culprit(control, ending);
        ending.snapshot.frame_count = last_throw().frame_count;
        std::copy_n(last_throw().frames, last_throw().frame_count, ending.snapshot.frames);
        std::snprintf(ending.message, sizeof ending.message, "%s", what);
    });
}

void fail_with_damage(Control& control, uintptr_t address) {
    control.fail(A2A3_FAILURE_KERNEL_FAULT, [&](a2a3_ending& ending) {
        ending.damage = 1;
        ending.address = address;
        ending.has_address = 1;
        ending.access = A2A3_ACCESS_WRITE;
        name_culprit(control, ending);
    });
}

GraphInView::GraphInView(const Graph& graph, const DeviceMemory* inspected) {
    graph_in_view = &graph;
    inspected_memory = inspected;
}

GraphInView::~GraphInView() {
    graph_in_view = nullptr;
    inspected_memory = nullptr;
}

bool is_inspecting() { return inspected_memory != nullptr; }

void inspect_after_task(Control& control) {
    Damage damage;
    if (!inspected_memory->find_watched_damage(damage)) return;
    fail_with_damage(control, damage.address);
    _exit(1);
}

void install_fault_handlers(Control& control, SharedTable<a2a3_object>& objects) {
    watched_control = &control;
    watched_objects = &objects;
    simulating_process = getpid();
    struct sigaction action{};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigfillset(&action.sa_mask);
    catch_fatal_signals(action);
    action.sa_sigaction = on_dump;
    action.sa_flags |= SA_RESTART;
    sigaction(dump_signal(), &action, nullptr);
    watch_exit();
    at_quick_exit(on_exit_of_unknown_status);
    std::set_terminate(on_terminate);
}

}  // namespace a2a3sim
