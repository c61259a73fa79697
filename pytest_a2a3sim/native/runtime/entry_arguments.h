// What an orchestration gets that takes tensors.
#pragma once

#include <cstdint>
#include <vector>

#include "device/host_tensors.h"
#include "tensors/entry.h"

namespace a2a3sim {

/// In the order of what generate_inputs returns.
class EntryArguments {
  public:
    void add_scalar(uint64_t bits) {
        scalars_.push_back(bits);
        all_.push_back(bits);
    }

    /// A tensor whose elements are at the address.
    void add_tensor(const HostTensor& tensor, uint64_t address);

    /// Numbers and addresses, as entries took them until March 2026.
    std::vector<uint64_t>& all() { return all_; }
    ChipTaskArgs view() const {
        return {tensors_.data(), static_cast<int32_t>(tensors_.size()), scalars_.data(),
                static_cast<int32_t>(scalars_.size())};
    }

  private:
    std::vector<uint64_t> all_;
    std::vector<EntryTensor> tensors_;
    std::vector<uint64_t> scalars_;
};

}  // namespace a2a3sim
