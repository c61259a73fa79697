#include "executor/task_runner.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <thread>
#include <vector>

#include "base/failure.h"
#include "base/float_environment.h"
#include "faults/exception_probe.h"
#include "faults/faults.h"
#include "faults/signal_stack.h"

namespace a2a3sim {

int usable_cpus() {
    static const int count = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    return count;
}

void TaskRunner::run_workers(int count, Threads needed,
                             const std::function<void(int, WorkerSlot&)>& work) {
    areas_ = std::make_unique<ArgumentAreas>(count);
    if (kernels_.changes_process()) state_ = std::make_unique<ProcessState>();
    control_.start_workers(count);
    WorkerSlot* const slots = control_.live->workers;
    // What a kernel throws does not get here; memory that the executor lacks ends the process,
    // whose other threads could wait for this one.
    const auto body = [&](int index) noexcept {
        const WorkingThread working(slots[index]);
        const SignalStack signal_stack;
        work(index, slots[index]);
    };
    std::vector<std::thread> threads;
    threads.reserve(static_cast<size_t>(count));
    try {
        for (int i = 1; i < count; ++i) threads.emplace_back(body, i);
    } catch (const std::exception& error) {  // no more threads, or no memory for one
        if (needed == Threads::kAllNeeded) {
            const std::string message = format("%d threads cannot be started: %s, or %s", count,
                                               error.what(), kNoMoreProcesses);
            control_.fail(A2A3_FAILURE_OUT_OF_MEMORY, message.c_str(), -1, -1);
            cancelled_.store(true, std::memory_order_release);
        }
    }
    body(0);
    for (std::thread& thread : threads) thread.join();
}

void TaskRunner::call(int32_t id, const Kernel& kernel, int64_t* args) {
    try {
        const bool is_conditional = graph_.tasks[static_cast<size_t>(id)].has_condition;
        if (is_conditional && !graph_.conditions.at(id).holds()) return;
        reset_float_environment();
        if (observer_ != nullptr) observer_->before_task(id);
        kernel.function(args);
        if (observer_ != nullptr) observer_->after_task(id, kernel, args);
        if (kernel.changes_process) state_->restore();
        inspect_after_task(control_);
        return;
    } catch (const ExceptionProbe&) {
    } catch (...) {
        fail_with_exception(control_, A2A3_FAILURE_KERNEL_EXCEPTION);
    }
    cancelled_.store(true, std::memory_order_release);
}

}  // namespace a2a3sim
