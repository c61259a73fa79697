#include "executor/task_runner.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "base/failure.h"
#include "faults/exception_probe.h"
#include "faults/faults.h"

namespace a2a3sim {

int usable_cpus() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

void TaskRunner::run_workers(int count, Threads needed,
                             const std::function<void(int, WorkerSlot&)>& work) {
    for (int i = 0; i < count; ++i) {
        WorkerSlot& slot = control_.workers[i];
        slot.task_id.store(-1, std::memory_order_relaxed);
        slot.events.store(0, std::memory_order_relaxed);
    }
    control_.worker_count.store(count, std::memory_order_release);
    const auto body = [&](int index) {
        const WorkingThread working(control_.workers[index]);
        const SignalStack signal_stack;
        work(index, control_.workers[index]);
    };
    std::vector<std::thread> threads;
    try {
        for (int i = 1; i < count; ++i) threads.emplace_back(body, i);
    } catch (const std::system_error& error) {
        if (needed == Threads::kAllNeeded) {
            const std::string message =
                format("%d threads cannot be started: %s", count, error.what());
            control_.fail(A2A3_FAILURE_OUT_OF_MEMORY, message.c_str(), -1, -1);
            cancelled_.store(true, std::memory_order_release);
        }
    }
    body(0);
    for (std::thread& thread : threads) thread.join();
}

void TaskRunner::call(const Kernel& kernel, int64_t* args) {
    try {
        kernel.function(args);
        inspect_after_task(control_);
        return;
    } catch (const ExceptionProbe&) {
    } catch (...) {
        fail_with_exception(control_, A2A3_FAILURE_KERNEL_EXCEPTION);
    }
    cancelled_.store(true, std::memory_order_release);
}

}  // namespace a2a3sim
