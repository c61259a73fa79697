#include "runtime/tensor_map.h"

#include <algorithm>
#include <utility>

namespace a2a3sim {

TensorMap::Overlap TensorMap::overlap_of_boxes(const uint32_t* offsets, const Tensor& tensor,
                                               const uint32_t* its_offsets, const Tensor& written) {
    Overlap found = tensor.ndims < written.ndims ? Overlap::kPart : Overlap::kCovers;
    for (uint32_t i = 0; i < std::min(tensor.ndims, written.ndims); ++i) {
        const uint64_t begin = offsets[i];
        const uint64_t end = begin + tensor.shapes[i];
        const uint64_t its_begin = its_offsets[i];
        const uint64_t its_end = its_begin + written.shapes[i];
        if (end <= its_begin || its_end <= begin) return Overlap::kNone;
        if (begin > its_begin || end < its_end) found = Overlap::kPart;
    }
    return found;
}

/// Tensors overlap if the ranges from the first element to the last one do. Two of the same strides
/// may lie beside each other within one range: they are boxes of a buffer in row-major order, and
/// these are compared.
TensorMap::Overlap TensorMap::overlap_of_strides(const Tensor& tensor, const Tensor& written) {
    const uint64_t end = tensor.start_offset + tensor.extent_elem();
    const uint64_t its_end = written.start_offset + written.extent_elem();
    if (end <= written.start_offset || its_end <= tensor.start_offset) return Overlap::kNone;
    const uint32_t ndims = tensor.ndims;
    if (tensor.dtype != written.dtype || ndims != written.ndims || ndims == 0) {
        return Overlap::kPart;
    }
    const uint32_t* const strides = tensor.strides;
    if (!std::equal(strides, strides + ndims, written.strides) || strides[ndims - 1] != 1) {
        return Overlap::kPart;
    }
    const uint64_t size = get_element_size(tensor.dtype);
    if (size == 0 || tensor.buffer.size / size % strides[0] != 0) return Overlap::kPart;
    uint32_t begins[MAX_TENSOR_DIMS];
    uint32_t its_begins[MAX_TENSOR_DIMS];
    uint64_t rest = tensor.start_offset;
    uint64_t its_rest = written.start_offset;
    for (uint32_t i = 0; i < ndims; ++i) {
        if (i > 0 && strides[i - 1] % strides[i] != 0) return Overlap::kPart;
        begins[i] = static_cast<uint32_t>(rest / strides[i]);
        its_begins[i] = static_cast<uint32_t>(its_rest / strides[i]);
        rest %= strides[i];
        its_rest %= strides[i];
        if (i == 0) continue;
        const uint64_t length = strides[i - 1] / strides[i];
        if (begins[i] + uint64_t{tensor.shapes[i]} > length ||
            its_begins[i] + uint64_t{written.shapes[i]} > length) {
            return Overlap::kPart;
        }
    }
    return overlap_of_boxes(begins, tensor, its_begins, written);
}

TensorMap::Overlap TensorMap::overlap_of(const Tensor& tensor, const Tensor& written,
                                         Geometry geometry) {
    if (tensor.version > written.version) return Overlap::kPart;
    return geometry == Geometry::kBoxes
               ? overlap_of_boxes(tensor.offsets, tensor, written.offsets, written)
               : overlap_of_strides(tensor, written);
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
    entry.tensor = &tensor;
}

}  // namespace a2a3sim
