// What a kernel can change about its process for those that come after it, and how it is put back.
#pragma once

#include <signal.h>

#include <string>
#include <vector>

namespace a2a3sim {

/// Signals' dispositions and the calling thread's mask, the current directory, the environment.
class ProcessState {
  public:
    /// As it is now.
    ProcessState();
    ~ProcessState();
    ProcessState(const ProcessState&) = delete;
    ProcessState& operator=(const ProcessState&) = delete;

    /// Puts it back; the mask of the calling thread.
    void restore() const;

  private:
    struct sigaction actions_[NSIG]{};
    sigset_t mask_;
    int directory_;
    std::vector<std::string> environment_;
};

/// Whether an object that dlopen() loaded calls functions that change a ProcessState.
bool changes_process_state(void* handle);

}  // namespace a2a3sim
