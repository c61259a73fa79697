// What the simulated case tells its parent while it runs and when it ends.
//
// Kernels run in the same process: whatever they can reach may hold anything. So there are three
// mappings. What threads that execute kernels write all the time is `live`, and nothing in it is
// needed to tell how the case ended. `report` and `dumps` are read-only but for the moment in which
// the engine writes to them: a kernel that writes there faults, and is named. What the simulating
// process itself relies on is in its own memory. The parent believes nothing unchecked, whichever
// mapping it is from: see isolation/outcome.h.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "shared/shared_memory.h"

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

/// What two threads write lies this far apart, so that neither slows the other.
constexpr size_t kCacheLine = 64;

/// What one worker thread does, written by that thread alone; all of it relaxed but task_id, whose
/// release publishes the four fields after it. The parent acquires task_id before it reads them;
/// the thread's own signal handlers need no order. A reader may still mix two tasks that follow one
/// another: the parent reads when the process has ended or hangs.
struct alignas(kCacheLine) WorkerSlot {
    std::atomic<int32_t> task_id;  // -1 between tasks
    std::atomic<int32_t> func_id;
    std::atomic<int32_t> core_type;
    std::atomic<int32_t> core_id;
    std::atomic<int64_t> start_ticks;
    std::atomic<uint64_t> events;    // starts and ends of tasks: a change is progress
    std::atomic<int32_t> thread_id;  // the system's, set once, before the first task
};

constexpr int kMaxWorkers = 1024;

/// a2a3_ending.exit_status until the parent has learnt it from the end of the process.
constexpr int32_t kExitStatusToLearn = -2;

struct Live {
    std::atomic<uint64_t> orchestration_calls;  // main thread, relaxed: a change is progress
    std::atomic<int32_t> worker_count;    // main thread; released behind the reset of as many slots
    std::atomic<int32_t> main_thread_id;  // the system's, of the thread that loads and orchestrates
    std::atomic<int32_t> loading_func_id;  // of the object that is being loaded; -1: orchestration
    WorkerSlot workers[kMaxWorkers];
};

struct Report {
    std::atomic<int32_t> process;  // that a server has forked; -1: none shall begin any more
    std::atomic<int32_t> phase;    // released behind what the phases before it wrote
    /// Released behind `ending`. 1: all but the backtrace is there, 2: all.
    std::atomic<int32_t> failure_complete;
    uint64_t receipt;            // of a case that ran to its end
    uint64_t peak_rss_bytes;     // of a process that takes its leave
    std::atomic<uint32_t> news;  // released behind what it is about
    a2a3_ending ending;
};

/// Where a thread was when the watchdog asked it.
struct ThreadDump {
    std::atomic<int32_t> complete;  // released by that thread behind `snapshot`
    a2a3_snapshot snapshot;
};

struct Dumps {
    ThreadDump workers[kMaxWorkers];
    ThreadDump main_thread;  // that loads and orchestrates
};

/// What the simulating process says that its parent may wait for: one after the other.
enum class News : uint32_t { kNone, kOutputs, kLeave };

/// The simulating process's side: its main thread loads, orchestrates, copies back and is worker 0.
/// Made before the fork, or of memory in a file; the parent reads `live`, `report` and `dumps`.
class Control {
  public:
    explicit Control(SharedFile* file = nullptr);

    const SharedValue<Live> live;
    const SharedValue<Report> report;
    const SharedValue<Dumps> dumps;

    /// Times and sizes, as the main thread knows them by now: what every ending begins with. The
    /// parent gets it at the next change of the phase, or with a failure.
    a2a3_ending draft{};

    a2a3_phase phase() const { return phase_.load(std::memory_order_relaxed); }

    /// Publishes the draft, and that the case is in that phase from now on.
    void enter(a2a3_phase phase);

    /// Of a process that a server has forked: whether it is to simulate the case. It is not if its
    /// parent has ceased to wait for it.
    bool begin(int32_t process);

    /// Of the parent: has no process begin from now on. The one that has, or 0.
    int32_t refuse_to_begin();

    /// Of both processes, first: which number the news begin at, made up for this case.
    void agree_on_news(uint32_t first) { first_news_ = first; }

    /// Publishes that the case ran to its end with its outputs on the host, and that further orders
    /// are executed from now on. What ends the process then is no failure of the case.
    void finish(uint64_t receipt);

    /// Publishes that the order of a pair is executed from now on.
    void begin_pair_order(const a2a3_order& order);

    /// Publishes that further orders have been executed too.
    void finish_orders();

    /// Says that the process is about to end, which has needed so much memory: it does nothing
    /// more, and nobody else has anything of the case. The parent need not wait while the system
    /// takes the process apart, which takes longer than a small graph.
    void take_leave(uint64_t peak_rss_bytes);

    /// Of the parent: waits for such news, later ones or so many seconds; the newest there are.
    News wait_for(News wanted, double seconds) const;

    /// Fails the case unless it has failed before: `fill` completes the ending. Safe in a signal
    /// handler if `fill` is. False if another failure came first.
    template <typename Fill>
    bool fail(a2a3_failure kind, Fill fill) {
        int32_t unclaimed = 0;
        if (!claimed_.compare_exchange_strong(unclaimed, 1)) return false;
        while (editing_.load() != 0) {
        }
        report.set_writable(true);
        a2a3_ending& ending = report->ending;
        ending = draft;
        ending.failure = kind;
        ending.phase = phase();
        fill(ending);
        complete(2);
        return true;
    }

    bool fail(a2a3_failure kind, const char* message, int task_id, int func_id) {
        return fail(kind, [&](a2a3_ending& r) {
            r.task_id = task_id;
            r.func_id = func_id;
            std::snprintf(r.message, sizeof r.message, "%s", message);
        });
    }

    /// How much of the failure that came first is there, as Report.failure_complete has it.
    int32_t completed() const { return completed_.load(std::memory_order_acquire); }
    void complete(int32_t extent);

    void start_loading(int func_id);
    int loading_func_id() const { return loading_func_id_; }
    void count_orchestration_call();
    void start_workers(int count);
    /// Has its workers appear as this one's, until workers are started.
    void show_workers_of(const Control& other);

    /// The slot of the worker that the system knows as `thread_id`, or nullptr. Safe in a signal
    /// handler, unlike current_worker(): the first access of a thread to a thread_local variable
    /// of an object that dlopen() loaded may allocate it.
    WorkerSlot* find_worker(int32_t thread_id) const;

    /// "" or what in `live` is not as the engine left it after `tasks` tasks.
    const char* find_overwritten(int32_t tasks) const;

    void hide_from_children() const;

  private:
    void edit_report(uint64_t receipt);
    void tell(News news);
    News news() const;

    std::atomic<a2a3_phase> phase_{A2A3_PHASE_START};
    std::atomic<int32_t> claimed_{0};
    std::atomic<int32_t> completed_{0};
    std::atomic<int32_t> editing_{0};  // the main thread writes to the report
    std::atomic<int32_t> worker_count_{0};
    uint32_t first_news_ = 0;
    int loading_func_id_ = -1;
    uint64_t orchestration_calls_ = 0;
};

/// The calling thread, as the system knows it. Safe in a signal handler.
int32_t system_thread_id();

/// The slot of the calling thread while it executes tasks, else nullptr.
WorkerSlot* current_worker();

/// The calling thread executes tasks for as long as this lives.
class WorkingThread {
  public:
    explicit WorkingThread(WorkerSlot& slot);
    ~WorkingThread();
    WorkingThread(const WorkingThread&) = delete;
    WorkingThread& operator=(const WorkingThread&) = delete;
};

}  // namespace a2a3sim
