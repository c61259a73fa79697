#include "faults.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <exception>

#include "executor.h"

namespace a2a3sim {

namespace {

constexpr size_t kSignalStackSize = size_t{64} << 10;
constexpr int kFatalSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};

Control* reported_control = nullptr;

/// What failed, by the phase that the case is in: a kernel while the graph runs.
a2a3_failure blame(a2a3_failure in_kernel) {
    switch (reported_control->phase.load(std::memory_order_relaxed)) {
        case A2A3_PHASE_EXECUTE:
            return in_kernel;
        case A2A3_PHASE_LOAD:
            return A2A3_FAILURE_LOAD;
        default:
            return A2A3_FAILURE_ORCHESTRATION;
    }
}

void name_culprit(a2a3_report& report) {
    if (report.phase == A2A3_PHASE_LOAD) {
        report.func_id = reported_control->loading_func_id.load(std::memory_order_relaxed);
    }
    const WorkerSlot* worker = current_worker();
    if (worker == nullptr) return;
    report.task_id = worker->task_id.load(std::memory_order_relaxed);
    if (report.task_id < 0) return;
    report.func_id = worker->func_id.load(std::memory_order_relaxed);
    report.core_type = worker->core_type.load(std::memory_order_relaxed);
    report.core_id = worker->core_id.load(std::memory_order_relaxed);
}

/// Ends the process once another thread's failure, which came first, is reported.
[[noreturn]] void yield_to_first_failure() {
    while (reported_control->failure_reported.load(std::memory_order_acquire) == 0) usleep(100);
    _exit(1);
}

void on_signal(int signal_number, siginfo_t* info, void*) {
    const bool first =
        reported_control->fail(blame(A2A3_FAILURE_KERNEL_FAULT), [&](a2a3_report& report) {
            report.signal_number = signal_number;
            report.signal_code = info->si_code;
            report.address = reinterpret_cast<uint64_t>(info->si_addr);
            name_culprit(report);
        });
    if (!first) yield_to_first_failure();
    _exit(128 + signal_number);
}

void on_exit_call(int status, void*) {
    const bool first =
        reported_control->fail(blame(A2A3_FAILURE_KERNEL_EXIT), [&](a2a3_report& report) {
            report.exit_status = status;
            name_culprit(report);
        });
    if (!first) yield_to_first_failure();
    fflush(nullptr);
    _exit(status);
}

[[noreturn]] void on_terminate() {
    const char* what = "std::terminate() was called without an exception";
    if (const std::exception_ptr exception = std::current_exception()) {
        try {
            std::rethrow_exception(exception);
        } catch (const std::exception& error) {
            what = error.what();
        } catch (...) {
            what = "an object that is not a std::exception";
        }
        const bool first =
            reported_control->fail(blame(A2A3_FAILURE_KERNEL_EXCEPTION), [&](a2a3_report& report) {
                std::snprintf(report.message, sizeof report.message, "%s", what);
                name_culprit(report);
            });
        if (!first) yield_to_first_failure();
        _exit(128 + SIGABRT);
    }
    abort();
}

}  // namespace

SignalStack::SignalStack() : memory_(new char[kSignalStackSize]) {
    stack_t stack{};
    stack.ss_sp = memory_.get();
    stack.ss_size = kSignalStackSize;
    sigaltstack(&stack, nullptr);
}

SignalStack::~SignalStack() {
    stack_t stack{};
    stack.ss_flags = SS_DISABLE;
    sigaltstack(&stack, nullptr);
}

void install_fault_handlers(Control& control) {
    reported_control = &control;
    struct sigaction action{};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigfillset(&action.sa_mask);
    for (const int signal_number : kFatalSignals) sigaction(signal_number, &action, nullptr);
    on_exit(on_exit_call, nullptr);
    std::set_terminate(on_terminate);
}

}  // namespace a2a3sim
