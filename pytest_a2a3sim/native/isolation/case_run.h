// A case that runs: in a forked child by default, in the calling process for debuggers.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/ticks.h"
#include "isolation/case_process.h"
#include "isolation/outcome.h"
#include "isolation/simulation.h"

namespace a2a3sim {

class CaseRun {
  public:
    /// Starts the case; throws std::system_error when that is impossible.
    explicit CaseRun(CaseDescription description);
    ~CaseRun();
    CaseRun(const CaseRun&) = delete;
    CaseRun& operator=(const CaseRun&) = delete;

    a2a3_status wait(a2a3_until until, double seconds, double hang_seconds);
    void time_out(double seconds);
    a2a3_ending ending() const noexcept;
    /// False unless the graph is being executed for the first time.
    bool progress(a2a3_progress& progress) const noexcept;
    /// What is known once wait() or time_out() has told that the case ended.
    const std::optional<Outcome>& result() const noexcept { return outcome_; }
    /// Mapped until it is given to unmap().
    a2a3_recording map_recording() const;
    a2a3_place place(uint64_t address, const uint64_t* args, int arg_count) const noexcept;

  private:
    void start_process();
    /// Leaves the process as it was.
    void simulate_in_this_process();
    void note_end(const Reaped& end) noexcept;
    bool hangs(double hang_seconds);
    /// The outputs are on the host: only further orders may still be executed.
    bool is_complete() const;
    void end_hanging_child(double seconds, bool timed_out);
    void dump_threads();
    void note_time_of_end() noexcept;
    const Outcome& outcome();

    CaseDescription description_;
    std::shared_ptr<ServerProcess> server_;  // until the process is started
    std::unique_ptr<KeptFiles::Lent> recording_file_;
    const std::shared_ptr<char> readers_ = std::make_shared<char>();  // of the recording: copies
    std::optional<SharedFile> file_;  // of the rest of `shared_`, as long as `server_`
    SharedState shared_;
    TickRate tick_rate_;
    uint64_t kills_before_ = 0;
    CaseProcess process_;
    uint64_t last_progress_ = 0;
    int64_t last_progress_ns_;
    ProcessEnd end_;
    std::optional<Outcome> outcome_;
};

void unmap(const a2a3_recording& recording) noexcept;

}  // namespace a2a3sim
