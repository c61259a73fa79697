#include "executor/task_runner.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <thread>
#include <vector>

#include "base/failure.h"
#include "base/float_environment.h"
#include "base/threads.h"
#include "faults/exception_probe.h"
#include "faults/signal_stack.h"

namespace a2a3sim {

int usable_cpus() {
    static const int count = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    return count;
}

void TaskRunner::run_workers(int count, Threads needed,
                             const std::function<void(int, WorkerSlot&)>& work) {
    if (graph_.largest_gang > 1) {
        gangs_.emplace(graph_, kernels_.size(), options_, count);
        needed = Threads::kAllNeeded;
    }
    const int total = gangs_ ? gangs_->thread_count() : count;
    areas_ = std::make_unique<ArgumentAreas>(total);
    if (kernels_.changes_process()) state_ = std::make_unique<ProcessState>();
    control_.start_workers(total);
    WorkerSlot* const slots = control_.live->workers;
    // What a kernel throws does not get here; memory that the executor lacks ends the process,
    // whose other threads could wait for this one.
    const auto body = [&](int index) noexcept {
        const WorkingThread working(slots[index]);
        const SignalStack signal_stack;
        if (index < count) {
            work(index, slots[index]);
        } else {
            gangs_->help(index);
        }
    };
    std::vector<std::thread> threads;
    threads.reserve(static_cast<size_t>(total));
    try {
        const OtherCpus other_cpus;
        for (int i = 1; i < total; ++i) {
            std::thread& made = threads.emplace_back(body, i);
            if (total <= usable_cpus()) other_cpus.receive(made);
        }
        if (gangs_) threads.emplace_back([&]() noexcept { gangs_->watch(); });
    } catch (const std::exception& error) {  // no more threads, or no memory for one
        if (needed == Threads::kAllNeeded) {
            const std::string message = format("%d threads cannot be started: %s, or %s", total,
                                               error.what(), kNoMoreProcesses);
            control_.fail(A2A3_FAILURE_OUT_OF_MEMORY, message.c_str(), -1, -1);
            cancelled_.store(true, std::memory_order_release);
        }
    }
    body(0);
    const auto join = [&](size_t from, size_t end) {
        for (size_t i = from; i < std::min(end, threads.size()); ++i) threads[i].join();
    };
    const auto others = static_cast<size_t>(count) - 1;  // workers
    join(0, others);
    if (gangs_) gangs_->dismiss();
    join(others, threads.size());
    if (!cancelled()) write_before(graph_.task_count());
}

void TaskRunner::write_before(int32_t id) {
    const std::vector<HostWrite>& writes = graph_.writes;
    const auto is_due = [&](size_t next) {
        return next < writes.size() && writes[next].first_task <= id;
    };
    if (!is_due(next_write_.load(std::memory_order_acquire))) return;
    const std::scoped_lock lock(writing_);
    for (size_t next = next_write_; is_due(next); ++next) {
        void* const address = reinterpret_cast<void*>(writes[next].address);
        if (observer_ != nullptr) {
            observer_->write(address, &writes[next].bits, writes[next].size);
        } else {
            std::memcpy(address, &writes[next].bits, writes[next].size);
        }
        next_write_.store(next + 1, std::memory_order_release);
    }
}

int64_t TaskRunner::run_gang(int32_t last, const Cores& cores, int worker) {
    gangs_->run(last, cores, worker, [&](int32_t id, int core, int thread) {
        run_task(id, core, thread, control_.live->workers[thread], read_ticks());
        return !cancelled();
    });
    return read_ticks();
}

void TaskRunner::call(int32_t id, const Kernel& kernel, int64_t* args) {
    try {
        if (!graph_.writes.empty()) write_before(id);
        const bool is_conditional = graph_.tasks[static_cast<size_t>(id)].has_condition;
        if (is_conditional && !graph_.conditions.at(id).holds()) return;
        reset_float_environment();
        if (observer_ != nullptr) observer_->before_task(id, kernel);
        kernel.function(args);
        if (observer_ != nullptr) observer_->after_task(id, kernel, args);
        if (kernel.changes_process) state_->restore();
        if (inspects_) inspect_after_task(control_);
        return;
    } catch (const ExceptionProbe&) {
    } catch (...) {
        fail_with_exception(control_, A2A3_FAILURE_KERNEL_EXCEPTION);
    }
    cancelled_.store(true, std::memory_order_release);
}

}  // namespace a2a3sim
