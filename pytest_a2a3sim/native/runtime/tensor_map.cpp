#include "runtime/tensor_map.h"

#include <algorithm>
#include <utility>

namespace a2a3sim {

namespace {

/// The least b of which 2^b is not below `value`; at most 32.
int bits_of(uint64_t value) {
    int bits = 0;
    while (bits < 32 && (uint64_t{1} << bits) < value) ++bits;
    return bits;
}

}  // namespace

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

TensorMap::Extent TensorMap::extent_of(const Tensor& tensor, Geometry geometry) {
    if (geometry == Geometry::kStrides) return {tensor.start_offset, tensor.extent_elem()};
    if (tensor.ndims == 0) return {0, UINT64_MAX};  // overlaps every box
    return {tensor.offsets[0], tensor.shapes[0]};
}

/// The list that an entry belongs to.
int32_t* TensorMap::list_of(Buffer& buffer, const Entry& entry) {
    if (buffer.index < 0 || entry.has_version) return &buffer.newest;
    Index& index = indices_[static_cast<size_t>(buffer.index)];
    if (entry.geometry != index.geometry) return &buffer.newest;
    const uint64_t step = uint64_t{1} << index.shift;
    const uint64_t number = entry.extent.begin >> index.shift;
    if (entry.extent.size > step || number >= kMostLists) return &buffer.newest;
    index.reaches_next |= entry.extent.begin % step + entry.extent.size > step;
    if (number >= index.newest.size()) index.newest.resize(number + 1, -1);
    return &index.newest[number];
}

void TensorMap::make_index(Buffer& buffer, Geometry geometry) {
    std::vector<int32_t> entries;
    std::vector<uint64_t> sizes;
    for (int32_t entry = buffer.newest; entry >= 0;
         entry = entries_[static_cast<size_t>(entry)].next) {
        entries.push_back(entry);
        sizes.push_back(entries_[static_cast<size_t>(entry)].extent.size);
    }
    const auto median = sizes.begin() + static_cast<ptrdiff_t>(sizes.size() / 2);
    std::nth_element(sizes.begin(), median, sizes.end());
    buffer.index = static_cast<int32_t>(indices_.size());
    indices_.push_back({geometry, bits_of(*median), false, {}});
    buffer.newest = -1;
    for (size_t i = entries.size(); i-- > 0;) {
        Entry& entry = entries_[static_cast<size_t>(entries[i])];
        entry.next = std::exchange(*list_of(buffer, entry), entries[i]);
    }
}

void TensorMap::insert(int32_t buffer, const Tensor& tensor, Geometry geometry, int32_t task) {
    int32_t number = free_;
    if (number < 0) {
        number = static_cast<int32_t>(entries_.size());
        entries_.emplace_back();
    } else {
        free_ = entries_[static_cast<size_t>(number)].next;
    }
    Buffer& its = buffers_[static_cast<size_t>(buffer)];
    Entry& entry = entries_[static_cast<size_t>(number)];
    entry.task = task;
    entry.number = ++count_;
    entry.tensor = &tensor;
    entry.extent = extent_of(tensor, geometry);
    entry.geometry = geometry;
    entry.has_version = tensor.version != 0;
    entry.next = std::exchange(*list_of(its, entry), number);
    if (its.index < 0 && ++its.unindexed > kMostUnindexed) make_index(its, geometry);
}

/// Adds to those that were found. Entries that are covered are forgotten, but for those of
/// `kept_owner`.
void TensorMap::find_in(int32_t& list, const Tensor& tensor, Geometry geometry,
                        int32_t kept_owner) {
    const Extent extent = extent_of(tensor, geometry);
    const bool has_no_version = tensor.version == 0;
    int32_t* link = &list;
    while (*link >= 0) {
        const int32_t number = *link;
        Entry& entry = entries_[static_cast<size_t>(number)];
        const bool is_apart = entry.geometry == geometry && has_no_version && !entry.has_version &&
                              (extent.begin - entry.extent.begin >= entry.extent.size) &&
                              (entry.extent.begin - extent.begin >= extent.size);
        if (is_apart) {
            link = &entry.next;
            continue;
        }
        const Overlap overlap = overlap_of(tensor, *entry.tensor, geometry);
        if (overlap != Overlap::kNone) found_.push_back({entry.number, entry.task});
        if (overlap == Overlap::kCovers && kept_owner != kKeepAll && entry.task != kept_owner) {
            *link = entry.next;
            entry.next = free_;
            free_ = number;
        } else {
            link = &entry.next;
        }
    }
}

void TensorMap::find(int32_t buffer, const Tensor& tensor, Geometry geometry, bool forget_covered) {
    Buffer& its = buffers_[static_cast<size_t>(buffer)];
    const int32_t kept_owner = forget_covered ? its.owner : kKeepAll;
    found_.clear();
    if (its.newest >= 0) find_in(its.newest, tensor, geometry, kept_owner);
    if (its.index < 0) return;
    Index& index = indices_[static_cast<size_t>(its.index)];
    uint64_t first = 0;
    uint64_t end = index.newest.size();
    // An entry of an older version overlaps wherever it is.
    if (index.geometry == geometry && tensor.version == 0) {
        const Extent extent = extent_of(tensor, geometry);
        const uint64_t begin = extent.begin >> index.shift;
        first = index.reaches_next && begin > 0 ? begin - 1 : begin;
        if (extent.size < end << index.shift) {
            const uint64_t last = extent.begin + std::max<uint64_t>(extent.size, 1) - 1;
            end = std::min(end, (last >> index.shift) + 1);
        }
    }
    for (uint64_t i = first; i < end; ++i) find_in(index.newest[i], tensor, geometry, kept_owner);
    std::sort(found_.begin(), found_.end(),
              [](const Found& a, const Found& b) { return a.number > b.number; });
}

}  // namespace a2a3sim
