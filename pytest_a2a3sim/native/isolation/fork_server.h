// A process that forks those of cases.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "isolation/channel.h"
#include "isolation/forking.h"
#include "isolation/simulation.h"

namespace a2a3sim {

/// A copy of this process that does nothing but fork, when it is asked to. fork() write-protects
/// every page of the process that calls it: one that goes on to write to many of them, as Python
/// does, gets a page fault for each, and a copy of those that the child still has.
class ServerProcess {
  public:
    /// Throws std::system_error when it cannot be forked.
    ServerProcess();
    /// Ends it, and the processes that it has forked.
    ~ServerProcess();
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;

    /// Whether a case would notice no difference to a process that is forked right now.
    bool is_current() const;
    /// Whether something else has ended it.
    bool is_gone() const noexcept { return is_gone_; }

    /// Forks the process of a case whose window and shared state are files; its id, if that is
    /// possible.
    std::optional<pid_t> start(const CaseDescription& description, const SharedFile& shared,
                               const Descriptor& window);
    bool has_ended(pid_t process) noexcept;
    Reaped reap(pid_t process) noexcept;

  private:
    struct Request;
    struct Answer;

    /// Leaves the answer as it is if the server is gone.
    void ask(const Request& request, Answer& answer, const std::string& text = "",
             const std::vector<int>& descriptors = {}) noexcept;
    [[noreturn]] static void serve(Channel channel, pid_t parent) noexcept;
    static pid_t fork_case(const std::string& text, std::vector<Descriptor> descriptors);

    const std::string surroundings_;
    const pid_t owner_;
    std::mutex mutex_;  // of the channel
    Channel channel_;
    std::atomic<bool> is_gone_{false};
    pid_t pid_ = -1;
};

/// The server process of a session, which is another one where that is needed.
class ForkServer {
  public:
    /// The process to start a case with; none where it is better forked from this process.
    std::shared_ptr<ServerProcess> process_for(const CaseDescription& description);

  private:
    std::mutex mutex_;
    std::shared_ptr<ServerProcess> process_;
};

}  // namespace a2a3sim
