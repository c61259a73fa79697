// The forked process of a case, as its parent has it.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "isolation/case_child.h"

namespace a2a3sim {

class CaseProcess {
  public:
    enum class State { kRuns, kHasOutputs, kLeaves, kHasEnded };

    CaseProcess() = default;
    /// Kills it, with whatever the case left in its process group.
    ~CaseProcess();
    CaseProcess(const CaseProcess&) = delete;
    CaseProcess& operator=(const CaseProcess&) = delete;

    /// Forks it; throws std::system_error or std::runtime_error when that is impossible.
    void start(const CaseDescription& description, SharedState& shared);

    /// Whether it has been started and not been reaped.
    bool exists() const { return pid_ > 0; }
    pid_t pid() const { return pid_; }

    /// Returns within about `seconds`, or once there are such news or the process has ended. One
    /// that leaves has nothing more to do with the case; it is reaped when this object goes.
    State look(News awaited, double seconds);

    void kill() const noexcept;

    struct End {
        int wait_status = 0;
        uint64_t peak_rss_bytes = 0;
    };

    /// Waits for its end.
    End reap() noexcept;

  private:
    pid_t pid_ = -1;
    const Control* control_ = nullptr;
    int64_t start_ns_ = 0;
};

}  // namespace a2a3sim
