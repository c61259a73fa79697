// Work that several threads share.
#pragma once

#include <sched.h>

#include <cstddef>
#include <functional>
#include <thread>

namespace a2a3sim {

/// CPUs besides the one that the calling thread is on. The system often begins a thread on the CPU
/// of the one that has made it, where it waits though others are idle: for milliseconds, in which a
/// graph of a hundred thousand tasks runs.
class OtherCpus {
  public:
    OtherCpus();

    /// Has a new thread begin there. It may go wherever this one may.
    void receive(std::thread& thread) const;

  private:
    bool are_there_ = false;
    cpu_set_t all_;
    cpu_set_t others_;
};

/// Calls work() on so many threads, the calling one among them, and waits for them. On fewer where
/// there are no more: whoever comes takes what is left to do.
void run_on_threads(size_t count, const std::function<void()>& work);

}  // namespace a2a3sim
