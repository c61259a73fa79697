// A case that runs: in a forked child by default, in the calling process for debuggers.
#pragma once

#include <sys/types.h>

#include <memory>
#include <vector>

#include "control.h"
#include "simulation.h"
#include "ticks.h"

namespace a2a3sim {

/// Zeroed memory that a forked child shares with its parent.
class SharedMemory {
  public:
    explicit SharedMemory(size_t size);
    ~SharedMemory();
    SharedMemory(const SharedMemory&) = delete;
    SharedMemory& operator=(const SharedMemory&) = delete;

    void* data() const { return data_; }

  private:
    size_t size_;
    void* data_;
};

class CaseRun {
  public:
    /// Starts the case; throws std::system_error when that is impossible.
    explicit CaseRun(CaseDescription description);
    ~CaseRun();
    CaseRun(const CaseRun&) = delete;
    CaseRun& operator=(const CaseRun&) = delete;

    a2a3_status wait(double seconds, double hang_seconds);
    a2a3_report report() const;
    std::vector<a2a3_running_task> running_tasks() const;
    uint64_t copied_back(int tensor) const { return copied_back_[tensor]; }
    void* map_recording(size_t* nbytes) const;

  private:
    void start_child();
    [[noreturn]] void run_child(pid_t parent);
    /// True once the child has ended, within about `seconds`.
    bool child_ended(double seconds);
    void reap();
    void kill_child();
    bool hangs(double hang_seconds);
    void report_hang();
    void report_unexplained_end(int wait_status);

    CaseDescription description_;
    SharedMemory shared_;
    Control& control_;
    uint64_t* const copied_back_;
    TimelineFile timeline_;
    TickRate tick_rate_;
    pid_t child_ = -1;  // -1: none, or reaped
    int child_descriptor_ = -1;
    uint64_t last_progress_ = 0;
    int64_t last_progress_ns_;
    int64_t end_ticks_ = 0;
};

}  // namespace a2a3sim
