#include "isolation/outcome.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstring>
#include <iterator>
#include <limits>

#include "base/ticks.h"
#include "executor/executor.h"
#include "faults/faults.h"
#include "isolation/left_behind.h"
#include "isolation/left_tables.h"

namespace a2a3sim {

namespace {

size_t physical_memory() {
    return static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) *
           static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

/// What a process can have written to one of its tables, some of it being swapped out meanwhile.
size_t most_table_bytes(const ProcessEnd& end) {
    constexpr size_t kLeast = size_t{64} << 20;
    if (!end.isolated) return std::numeric_limits<size_t>::max();
    const bool is_known = end.peak_rss_bytes > 0 && end.peak_rss_bytes <= physical_memory();
    return kLeast + (is_known ? 2 * static_cast<size_t>(end.peak_rss_bytes) : 0);
}

/// Reads everything once, and keeps what does not add up.
class Reader {
  public:
    Reader(const CaseDescription& description, const SharedState& shared, const ProcessEnd& end)
        : description_(description),
          shared_(shared),
          end_(end),
          left_(shared.control.report->ending),
          kernels_(kernels_of(description)),
          problems_(most_table_bytes(end)) {}

    Outcome read() {
        read_tables(description_, shared_, problems_, out_);
        read_sizes();
        read_sanitizer_tables(description_, shared_, problems_, out_);
        read_dependencies(description_, shared_, problems_, out_);
        read_dump_tables(description_, shared_, problems_, out_);
        const Report& report = *shared_.control.report;
        const int32_t complete = report.failure_complete.load(std::memory_order_acquire);
        check(complete >= 0 && complete <= 2, "state of the failure");
        if (complete != 0) {
            read_failure();
        } else if (ran_to_its_end()) {
            read_completion();
        } else if (end_.hang_seconds > 0) {
            tell_hang();
        } else {
            tell_unexplained_end();
        }
        read_running_tasks();
        if (check(end_.peak_rss_bytes <= physical_memory(), "size of the process")) {
            out_.ending.peak_rss_bytes = end_.peak_rss_bytes;
        }
        if (problems_.text().empty()) return std::move(out_);
        out_.ending.failure = A2A3_FAILURE_CORRUPTED;
        std::snprintf(out_.ending.message, sizeof out_.ending.message, "%s",
                      problems_.text().c_str());
        out_.copied.clear();
        return std::move(out_);
    }

  private:
    static KernelTable kernels_of(const CaseDescription& description) {
        std::vector<Kernel> kernels;
        for (const ObjectSymbol& object : description.kernels) {
            kernels.push_back(Kernel{object.name, nullptr, object.func_id, CoreType::AIC});
        }
        return KernelTable(std::move(kernels));
    }

    bool check(bool holds, const char* what) { return problems_.check(holds, what); }

    /// What every ending has: times and sizes.
    void read_sizes() {
        a2a3_ending& ending = out_.ending;
        ending.task_id = ending.func_id = ending.core_type = ending.core_id = -1;
        ending.exit_status = -1;
        ending.missing_argument = -1;
        ending.start_nanoseconds = description_.start_nanoseconds;
        const int32_t phase = shared_.control.report->phase.load(std::memory_order_acquire);
        check(phase >= 0 && phase < A2A3_PHASE_COUNT, "phase");
        ending.phase = read_phase(shared_.control);
        const double passed =
            to_seconds(monotonic_nanoseconds() - description_.start_nanoseconds) + 1;
        check(copy_phase_seconds(left_, passed, ending), "time of a phase");
        const bool sizes =
            left_.task_count >= 0 && left_.task_count <= static_cast<int64_t>(Graph::kMaxTasks) &&
            left_.edge_count >= 0 && left_.edge_count <= static_cast<int64_t>(kMostEdges);
        if (check(sizes, "size of the graph")) {
            ending.task_count = left_.task_count;
            ending.edge_count = left_.edge_count;
        }
        const bool memory = left_.buffer_count >= 0 && left_.refused_call >= 0 &&
                            left_.device_bytes_peak <= description_.device_memory_size &&
                            left_.device_bytes_live <= description_.device_memory_size;
        if (check(memory, "size of the device memory")) {
            ending.buffer_count = left_.buffer_count;
            ending.device_bytes_peak = left_.device_bytes_peak;
            ending.device_bytes_live = left_.device_bytes_live;
            ending.refused_call = left_.refused_call;
            ending.refused_bytes = left_.refused_bytes;
        }
        const bool rate = left_.ticks_per_second >= 0 && std::isfinite(left_.ticks_per_second);
        if (check(rate, "rate of the clock")) {
            ending.ticks_per_second = left_.ticks_per_second;
            ending.origin_ticks = left_.origin_ticks;
        }
    }

    bool is_known_core(int32_t type, int32_t id) const {
        return is_core(description_.block_dim, type, id);
    }

    bool is_known_task(int32_t task) const { return task >= 0 && task < out_.ending.task_count; }

    bool is_known_kernel(int32_t func_id) const { return kernels_.find(func_id) >= 0; }

    /// A failure that the case itself has told.
    void read_failure() {
        a2a3_ending& ending = out_.ending;
        const int32_t kind = left_.failure;
        check(kind > A2A3_FAILURE_NONE && kind <= A2A3_FAILURE_CORRUPTED, "kind of the failure");
        ending.failure = kind;
        const bool phase = left_.phase >= 0 && left_.phase < A2A3_PHASE_COUNT;
        if (check(phase, "phase of the failure")) ending.phase = left_.phase;
        // An invalid graph may name a kernel that there is none of, and a task of no core.
        const bool kernel =
            left_.func_id == -1 || kind == A2A3_FAILURE_GRAPH || is_known_kernel(left_.func_id);
        if (check(kernel, "kernel of the failure")) ending.func_id = left_.func_id;
        const bool task = left_.task_id == -1 || is_known_task(left_.task_id);
        if (check(task, "task of the failure")) ending.task_id = left_.task_id;
        const bool core = (left_.core_type == -1 && left_.core_id == -1) ||
                          is_known_core(left_.core_type, left_.core_id);
        if (check(core, "core of the failure")) {
            ending.core_type = left_.core_type;
            ending.core_id = left_.core_id;
        }
        if (check(left_.signal_number >= 0 && left_.signal_number < NSIG, "signal")) {
            ending.signal_number = left_.signal_number;
            ending.signal_code = left_.signal_code;
        }
        const bool access =
            left_.access >= A2A3_ACCESS_UNKNOWN && left_.access <= A2A3_ACCESS_EXECUTE;
        if (check(access, "kind of the access")) ending.access = left_.access;
        ending.address = left_.address;
        ending.has_address = left_.has_address != 0;
        ending.stack_overflow = left_.stack_overflow != 0;
        ending.missing_argument = std::max(left_.missing_argument, -1);
        ending.damage = left_.damage != 0 && left_.has_address != 0;
        ending.exception = left_.exception != 0;
        check(copy_snapshot(left_.snapshot, ending.snapshot), "backtrace of the failure");
        const size_t length = strnlen(left_.message, sizeof left_.message);
        if (check(length < sizeof left_.message, "message of the failure")) {
            std::memcpy(ending.message, left_.message, length + 1);
        }
        ending.exit_status = left_.exit_status;
        const bool to_learn = ending.exit_status == kExitStatusToLearn;
        if (end_.isolated && (to_learn || kind == A2A3_FAILURE_KERNEL_EXIT)) {
            ending.exit_status = WIFEXITED(end_.wait_status) ? WEXITSTATUS(end_.wait_status) : -1;
        }
    }

    bool ran_to_its_end() const {
        if (out_.ending.phase == A2A3_PHASE_ORDERS) return true;  // whatever became of further ones
        return out_.ending.phase == A2A3_PHASE_DONE &&
               (!end_.isolated ||
                (WIFEXITED(end_.wait_status) && WEXITSTATUS(end_.wait_status) == 0));
    }

    void read_completion() {
        a2a3_ending& ending = out_.ending;
        check(left_.failure == A2A3_FAILURE_NONE, "kind of the failure");
        ending.quick = left_.quick != 0;
        if (ending.phase == A2A3_PHASE_DONE) ending.orders_agree = left_.orders_agree != 0;
        const bool pair = is_possible(left_.pair_order, ending.task_count);
        if (check(pair, "order of two tasks")) ending.pair_order = left_.pair_order;
        const bool possible = is_possible(left_.use, ending.task_count, kernels_);
        if (check(possible, "use of a device buffer")) ending.use = left_.use;
        const bool described = check(left_.described >= 0, "number of described ranges");
        if (described) ending.described = left_.described;
        const bool fits =
            std::all_of(std::begin(left_.rings), std::end(left_.rings),
                        [](const a2a3_ring& ring) { return ring.tasks <= uint64_t{1} << 32; });
        if (check(fits, "use of the rings")) {
            std::copy(std::begin(left_.rings), std::end(left_.rings), ending.rings);
        }
        const uint64_t receipt = receipt_of(description_, ending, out_.copied.size());
        if (!check(shared_.control.report->receipt == receipt, "mark of a case that has ended") ||
            !check(ending.ticks_per_second > 0, "rate of the clock")) {
            return;
        }
        // A second more: clocks of two CPUs may differ by a little.
        const double ticks =
            static_cast<double>(end_.ticks - ending.origin_ticks) + end_.ticks_per_second;
        const Recording::Bounds bounds{kernels_, description_.block_dim, kMaxWorkers,
                                       ticks > 1 ? static_cast<uint64_t>(ticks) : 1,
                                       description_.records_arguments};
        const char* const impossible =
            shared_.recording.find_impossible(ending.task_count, ending.edge_count, bounds);
        if (*impossible != '\0') check(false, impossible);
    }

    int loading_func_id() {
        const int32_t id = shared_.control.live->loading_func_id.load(std::memory_order_relaxed);
        const bool possible = id == -1 || is_known_kernel(id);
        return check(possible, "func_id of the object that was loaded last") ? id : -1;
    }

    void blame(a2a3_failure in_kernel) {
        const auto phase = static_cast<a2a3_phase>(out_.ending.phase);
        const int loading = loading_func_id();
        out_.ending.failure = a2a3sim::blame(phase, loading, in_kernel);
        if (phase == A2A3_PHASE_LOAD) out_.ending.func_id = loading;
    }

    void tell_hang() {
        blame(A2A3_FAILURE_KERNEL_HANG);
        out_.ending.hang_seconds = end_.hang_seconds;
        out_.ending.timed_out = end_.timed_out ? 1 : 0;
        check(copy_snapshot(shared_.control.dumps->main_thread.snapshot, out_.ending.snapshot),
              "backtrace of the main thread");
    }

    void tell_unexplained_end() {
        const int status = end_.wait_status;
        blame(WIFSIGNALED(status) ? A2A3_FAILURE_KERNEL_FAULT : A2A3_FAILURE_KERNEL_EXIT);
        if (end_.out_of_memory) out_.ending.failure = A2A3_FAILURE_OUT_OF_MEMORY;
        if (WIFSIGNALED(status)) out_.ending.signal_number = WTERMSIG(status);
        if (!WIFSIGNALED(status)) out_.ending.exit_status = WEXITSTATUS(status);
    }

    void read_running_tasks() {
        if (out_.ending.phase == A2A3_PHASE_ORDERS) return;  // they are those of another order
        const int32_t count = shared_.control.live->worker_count.load(std::memory_order_acquire);
        if (!check(count >= 0 && count <= kMaxWorkers, "number of workers")) return;
        const int64_t most = end_.ticks - description_.start_ticks;
        for (int32_t i = 0; i < count; ++i) {
            const WorkerSlot& slot = shared_.control.live->workers[i];
            const int32_t id = slot.task_id.load(std::memory_order_acquire);
            if (id == -1) continue;
            a2a3_running_task task{};
            task.task_id = id;
            task.func_id = slot.func_id.load(std::memory_order_relaxed);
            task.core_type = slot.core_type.load(std::memory_order_relaxed);
            task.core_id = slot.core_id.load(std::memory_order_relaxed);
            int64_t ticks = 0;
            const bool possible =
                !__builtin_sub_overflow(end_.ticks,
                                        slot.start_ticks.load(std::memory_order_relaxed), &ticks) &&
                ticks >= 0 && ticks <= most && is_known_task(id) && is_known_kernel(task.func_id) &&
                is_known_core(task.core_type, task.core_id);
            if (!check(possible, "task of a worker")) continue;
            task.seconds = static_cast<double>(ticks) / end_.ticks_per_second;
            check(copy_snapshot(shared_.control.dumps->workers[i].snapshot, task.snapshot),
                  "backtrace of a worker");
            out_.running.push_back(task);
        }
        check(out_.running.empty() || out_.ending.failure != A2A3_FAILURE_NONE, "task of a worker");
    }

    const CaseDescription& description_;
    const SharedState& shared_;
    const ProcessEnd& end_;
    const a2a3_ending left_;
    const KernelTable kernels_;
    Problems problems_;
    Outcome out_;
};

}  // namespace

Outcome read_outcome(const CaseDescription& description, const SharedState& shared,
                     const ProcessEnd& end) {
    return Reader(description, shared, end).read();
}

}  // namespace a2a3sim
