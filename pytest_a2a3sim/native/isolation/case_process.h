// The forked process of a case, as its parent has it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>

#include "base/descriptor.h"
#include "isolation/case_child.h"
#include "isolation/forking.h"
#include "isolation/process_server.h"

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

    /// Has it forked by a server, from what is in files. False if the server cannot do that.
    bool start(const CaseDescription& description, SharedState& shared,
               std::shared_ptr<ServerProcess> server, const CaseFiles& files);

    /// Whether it has been started and not been reaped.
    bool exists() const { return pid_ > 0; }
    pid_t pid() const { return pid_; }

    /// Returns within about `seconds`, or once there are such news or the process has ended. One
    /// that leaves has nothing more to do with the case; it is reaped when this object goes.
    State look(News awaited, double seconds);

    void kill() const noexcept;

    /// Waits for its end.
    Reaped reap() noexcept;

  private:
    bool has_ended() const noexcept;

    /// A copy of the process that started it, which unwinds, has nothing to do with it.
    bool is_foreign() const noexcept;

    pid_t pid_ = -1;
    pid_t owner_ = -1;   // who started it
    Descriptor handle_;  // tells of the end of a process that is not a child, if the system does
    std::shared_ptr<ServerProcess> server_;  // whose child it is, if not this process's
    const Control* control_ = nullptr;
    int64_t start_ns_ = 0;
};

}  // namespace a2a3sim
