// A process that forks those of cases, as pytest has it.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "isolation/channel.h"
#include "isolation/forking.h"
#include "isolation/serving.h"
#include "isolation/simulation.h"
#include "shared/kept_files.h"

namespace a2a3sim {

/// What a case has that a server starts.
struct CaseFiles {
    const SharedFile& shared;
    const SharedFile& recording;
    const Descriptor& window;
};

/// A small program that does nothing but fork, when it is asked to. fork() write-protects every
/// page of the process that calls it: one that goes on to write to many of them, as Python does,
/// gets a page fault for each, and a copy of those that the child still has.
///
/// It is nobody's child and ends with the channel or with this process, as do the processes that it
/// has forked. Nothing here waits for it for long, whatever has become of it.
class ServerProcess {
  public:
    /// Throws std::system_error when it cannot be started.
    ServerProcess(const std::vector<std::string>& command, std::string surroundings);
    /// Has it end, which takes a moment that nobody waits for.
    ~ServerProcess();
    ServerProcess(const ServerProcess&) = delete;
    ServerProcess& operator=(const ServerProcess&) = delete;

    /// Whether it can be asked, and its children get such surroundings.
    bool serves(const std::string& surroundings) const noexcept;
    /// Whether it is there, and has the surroundings that it should have: a program that is
    /// executed may lose some.
    bool greets() noexcept;

    /// Forks the process of a case whose window and shared state are files; its id, if that is
    /// possible. If not, there is no process that has to do with either. Throws std::runtime_error
    /// when nobody can tell.
    std::optional<pid_t> start(const CaseDescription& description, Control& control,
                               const CaseFiles& files);
    /// None if nobody can tell any more.
    std::optional<Reaped> reap(pid_t process) noexcept;
    /// Kills it, and waits until nothing is left of it.
    void forget(pid_t process) noexcept;

  private:
    ServerProcess(const std::vector<std::string>& command, std::string surroundings,
                  ChannelEnds ends);

    /// In a copy of the process that started the server, which is not the copy's to ask: its lock
    /// may have been held by another thread.
    bool is_foreign() const noexcept;
    bool is_child(pid_t process) const noexcept;
    /// None if the server is gone.
    std::optional<Answer> ask(Wanted wanted, pid_t process, const std::string& text = "",
                              const std::vector<int>& descriptors = {}) noexcept;
    std::optional<Answer> receive(uint64_t number, int64_t patience);
    void give_up() noexcept;

    const std::string surroundings_;
    const pid_t owner_;
    std::mutex mutex_;  // of the channel
    Channel channel_;
    std::atomic<bool> is_gone_{false};
    uint64_t last_number_;
    const pid_t pid_;
};

/// The server process of a session, which is another one where that is needed.
class ProcessServer {
  public:
    /// Each command executes a program that calls serve_processes() with its stdin; the first one
    /// that does is taken.
    explicit ProcessServer(std::vector<std::vector<std::string>> commands);

    /// The process to start a case with; none where it is better forked from this process.
    std::shared_ptr<ServerProcess> process_for(const CaseDescription& description);

    /// Of cases that it starts.
    KeptFiles& recordings() { return recordings_; }

  private:
    KeptFiles recordings_;
    const std::vector<std::vector<std::string>> commands_;
    const pid_t owner_;
    std::mutex mutex_;
    std::shared_ptr<ServerProcess> process_;
    std::optional<std::string> impossible_;  // surroundings in which there is none
};

}  // namespace a2a3sim
