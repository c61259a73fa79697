#include "isolation/run_ahead.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/failure.h"
#include "executor/executor.h"
#include "faults/faults.h"
#include "isolation/left_behind.h"
#include "isolation/simulation.h"

namespace a2a3sim {

namespace {

void do_nothing(int64_t*) {}

/// The kernels, and behind these for each one that does nothing instead.
KernelTable with_idle_kernels(const KernelTable& kernels) {
    std::vector<Kernel> all;
    for (const bool is_idle : {false, true}) {
        for (size_t i = 0; i < kernels.size(); ++i) {
            all.push_back(kernels[static_cast<int>(i)]);
            if (is_idle) all.back().function = do_nothing;
        }
    }
    return KernelTable(std::move(all));
}

/// What kernels print is shown when the graph runs.
void silence() {
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0) return;
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
}

}  // namespace

void RunAhead::execute(RuntimeHost& host, const std::vector<bool>& needed, Control& trial,
                       Found& found, uint64_t address, size_t size) const {
    silence();
    SharedTable<a2a3_object> objects(1);
    install_fault_handlers(trial, objects);
    try {
        trial.draft = control_.draft;
        trial.enter(A2A3_PHASE_EXECUTE);
        const KernelTable kernels = with_idle_kernels(kernels_);
        Graph graph = host.graph().seal();
        for (size_t id = 0; id < graph.tasks.size(); ++id) {
            if (!needed[id]) graph.tasks[id].kernel += static_cast<int32_t>(kernels_.size());
        }
        const GraphInView in_view(graph, nullptr);
        std::vector<TaskRecord> records(graph.tasks.size());
        const ExecutorOptions options{description_.block_dim, 1, A2A3_SCHEDULE_DEPTH_FIRST, 0, 0};
        if (!a2a3sim::execute(graph, kernels, options, trial, records.data())) _exit(1);
        std::memcpy(&found.bits, reinterpret_cast<const void*>(address), size);
        found.is_there.store(1, std::memory_order_release);
    } catch (const CaseFailure& failure) {
        trial.fail(failure.kind, failure.what(), failure.task_id, failure.func_id);
    } catch (const std::bad_alloc&) {
        trial.fail(A2A3_FAILURE_OUT_OF_MEMORY, "the simulating process ran out of host memory", -1,
                   -1);
    }
    _exit(0);
}

void RunAhead::wait_for(pid_t process, const Control& trial) const {
    constexpr timespec kPause{0, 2'000'000};
    uint64_t progress = 0;
    for (;;) {
        const pid_t ended = waitpid(process, nullptr, WNOHANG);
        if (ended == process || (ended < 0 && errno != EINTR)) return;
        // The watchdog looks at this process, not at its copy.
        const uint64_t now = read_progress(trial);
        if (now != progress) control_.count_orchestration_call();
        progress = now;
        control_.show_workers_of(trial);
        nanosleep(&kPause, nullptr);
    }
}

uint64_t RunAhead::value_after(RuntimeHost& host, const std::vector<bool>& needed, uint64_t address,
                               size_t size) const {
    control_.draft.task_count = host.graph().task_count();
    control_.draft.edge_count = host.graph().edge_count();
    const auto trial = std::make_unique<Control>();
    const SharedValue<Found> found;
    host.memory().open();
    std::fflush(nullptr);
    const pid_t process = fork();
    if (process == 0) execute(host, needed, *trial, *found, address, size);
    if (process < 0) {
        const std::string message =
            format("get_tensor_data: fork: %s, or %s", std::strerror(errno), kNoMoreProcesses);
        control_.fail(A2A3_FAILURE_OUT_OF_MEMORY, message.c_str(), -1, -1);
        return 0;
    }
    control_.enter(A2A3_PHASE_EXECUTE);  // as whoever looks for what hangs sees it
    wait_for(process, *trial);
    control_.start_workers(0);
    control_.enter(A2A3_PHASE_ORCHESTRATE);
    if (found->is_there.load(std::memory_order_acquire) != 0) return found->bits;
    const a2a3_ending& left = trial->report->ending;
    if (trial->report->failure_complete.load(std::memory_order_acquire) != 0) {
        control_.fail(static_cast<a2a3_failure>(left.failure),
                      [&](a2a3_ending& ending) { ending = left; });
    } else {
        control_.fail(A2A3_FAILURE_ORCHESTRATION,
                      "get_tensor_data: the tasks that it waits for have ended their process", -1,
                      -1);
    }
    return 0;
}

}  // namespace a2a3sim
