// What an orchestration waits for that reads device memory while its tasks run.
#pragma once

#include <cstdint>
#include <vector>

#include "isolation/case_description.h"
#include "runtime/runtime_host.h"

namespace a2a3sim {

/// Executes tasks before the graph is complete: in a copy of this process, which ends with them, so
/// that nothing is changed that the graph finds when it is executed.
class RunAhead {
  public:
    RunAhead(const CaseDescription& description, const KernelTable& kernels, Control& control)
        : description_(description), kernels_(kernels), control_(control) {}

    /// The first bytes, at most 8, of what lies at the address once the tasks that are needed have
    /// run, in order, of those that the host has by now. If one of them fails, the case does:
    /// `control` has the ending.
    uint64_t value_after(RuntimeHost& host, const std::vector<bool>& needed, uint64_t address,
                         size_t size) const;

  private:
    struct Found {
        std::atomic<int32_t> is_there;
        uint64_t bits;
    };

    [[noreturn]] void execute(RuntimeHost& host, const std::vector<bool>& needed, Control& trial,
                              Found& found, uint64_t address, size_t size) const;
    void wait_for(pid_t process, const Control& trial) const;

    const CaseDescription& description_;
    const KernelTable& kernels_;
    Control& control_;
};

}  // namespace a2a3sim
