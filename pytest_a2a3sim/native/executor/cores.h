// Which cores a worker simulates.
#pragma once

#include "graph/graph.h"

namespace a2a3sim {

/// The cores of the blocks that one worker simulates: first, first + stride, ... below block_dim.
class Cores {
  public:
    Cores(int first, int stride, int block_dim)
        : first_(first), stride_(stride), block_dim_(block_dim), block_(first) {}

    void next_block() {
        block_ += stride_;
        if (block_ >= block_dim_) block_ = first_;
    }

    int block() const { return block_; }

    /// The core of this type in the current block; its two AIV cores take turns.
    int take(CoreType type) {
        if (type == CoreType::AIC) return block_;
        second_aiv_ = !second_aiv_;
        return kAivPerBlock * block_ + (second_aiv_ ? 1 : 0);
    }

  private:
    int first_;
    int stride_;
    int block_dim_;
    int block_;
    bool second_aiv_ = true;
};

}  // namespace a2a3sim
