#include "runtime/tensor_map.h"

#include <algorithm>
#include <utility>

namespace a2a3sim {

TensorMap::Overlap TensorMap::overlap_of(const Tensor& tensor, const Entry& entry) {
    if (tensor.version > entry.version) return Overlap::kPart;
    Overlap found = tensor.ndims < entry.ndims ? Overlap::kPart : Overlap::kCovers;
    for (uint32_t i = 0; i < std::min(tensor.ndims, entry.ndims); ++i) {
        const uint64_t begin = tensor.offsets[i];
        const uint64_t end = begin + tensor.shapes[i];
        const uint64_t its_begin = entry.offsets[i];
        const uint64_t its_end = its_begin + entry.shapes[i];
        if (end <= its_begin || its_end <= begin) return Overlap::kNone;
        if (begin > its_begin || end < its_end) found = Overlap::kPart;
    }
    return found;
}

/// Where the buffer that begins at `base` is, or belongs.
size_t TensorMap::slot_of(uint64_t base) const {
    const size_t mask = slots_.size() - 1;  // a power of two
    size_t slot = (base * 0x9e3779b97f4a7c15) >> 32 & mask;
    while (slots_[slot] >= 0 && buffers_[static_cast<size_t>(slots_[slot])].base != base) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

void TensorMap::grow() {
    slots_.assign(2 * slots_.size(), -1);
    for (size_t i = 0; i < buffers_.size(); ++i) {
        slots_[slot_of(buffers_[i].base)] = static_cast<int32_t>(i);
    }
}

int32_t TensorMap::buffer(uint64_t base) {
    const size_t slot = slot_of(base);
    if (slots_[slot] >= 0) return slots_[slot];
    const auto made = static_cast<int32_t>(buffers_.size());
    buffers_.push_back(Buffer{base});
    slots_[slot] = made;
    if (2 * buffers_.size() >= slots_.size()) grow();
    return made;
}

void TensorMap::insert(int32_t buffer, const Tensor& tensor, int32_t task) {
    int32_t index = free_;
    if (index < 0) {
        index = static_cast<int32_t>(entries_.size());
        entries_.emplace_back();
    } else {
        free_ = entries_[static_cast<size_t>(index)].next;
    }
    Entry& entry = entries_[static_cast<size_t>(index)];
    entry.next = std::exchange(buffers_[static_cast<size_t>(buffer)].newest, index);
    entry.task = task;
    entry.version = tensor.version;
    entry.ndims = tensor.ndims;
    std::copy_n(tensor.offsets, RUNTIME_MAX_TENSOR_DIMS, entry.offsets.begin());
    std::copy_n(tensor.shapes, RUNTIME_MAX_TENSOR_DIMS, entry.shapes.begin());
}

}  // namespace a2a3sim
