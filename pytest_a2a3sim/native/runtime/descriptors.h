// The descriptors that kernels get.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/growing_array.h"
#include "tensors/tensor.h"

namespace a2a3sim {

/// Copies of what tasks are submitted with, which stay where they are. A loop that submits the same
/// tensors again gets the same copies: fresh memory is most of what a task costs.
class Descriptors {
  public:
    /// A copy of its own.
    Tensor* add(const Tensor& tensor) {
        Tensor* const made = tensors_.extend(1);
        *made = tensor;
        return made;
    }

    /// A copy that others may have too, and that nobody changes.
    Tensor* share(const Tensor& tensor);

    /// Whether there is one at that address.
    bool has(uint64_t address) const {
        return address - reinterpret_cast<uint64_t>(tensors_.data()) <
               tensors_.size() * sizeof(Tensor);
    }

    void make_read_only() const { tensors_.make_read_only(); }

  private:
    static constexpr size_t kMost = UINT32_MAX;
    static constexpr size_t kSetSize = 4;
    static constexpr size_t kMostSlots = size_t{1} << 17;

    struct Slot {
        uint32_t hash;
        uint32_t shared;  // 1 + its index, or 0
    };

    static bool are_equal(const Tensor& a, const Tensor& b);
    static uint32_t hash_of(const Tensor& tensor);
    Slot* set_of(uint32_t hash) { return &slots_[hash * kSetSize & (slots_.size() - 1)]; }
    void remember(const Slot& slot);
    void grow();

    GrowingArray<Tensor> tensors_{kMost};
    std::vector<Slot> slots_ = std::vector<Slot>(64);  // sets, by hash: a power of two
    size_t remembered_ = 0;
};

}  // namespace a2a3sim
