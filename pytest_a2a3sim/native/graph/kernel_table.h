// The kernels of a case, as tasks refer to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "host_build_graph/runtime.h"

namespace a2a3sim {

/// A block of the device has one AIC core and these AIV cores.
constexpr int kAivPerBlock = 2;
constexpr int kCoresPerBlock = 1 + kAivPerBlock;

using KernelFunction = void (*)(int64_t* args);

struct Kernel {
    std::string name;
    KernelFunction function;
    int func_id;
    CoreType core_type;
    bool changes_process = false;  // signals, the current directory or the environment
};

/// The kernels of a case by func_id.
class KernelTable {
  public:
    explicit KernelTable(std::vector<Kernel> kernels);

    /// Index of the kernel with this func_id, or -1.
    int find(int func_id) const {
        if (func_id >= 0 && func_id < kDirectIds)
            return direct_index_[static_cast<size_t>(func_id)];
        const auto found = index_of_.find(func_id);
        return found == index_of_.end() ? -1 : found->second;
    }
    size_t size() const { return kernels_.size(); }
    const Kernel& operator[](int index) const { return kernels_[static_cast<size_t>(index)]; }

    /// Whether one of them may change the process for the others.
    bool changes_process() const;

    /// "0 (QK), 1 (SF)", for messages.
    std::string known_ids() const;

  private:
    static constexpr int kDirectIds = 256;

    std::vector<Kernel> kernels_;
    std::vector<int> direct_index_;  // by func_id below kDirectIds: an index, or -1
    std::unordered_map<int, int> index_of_;
};

}  // namespace a2a3sim
