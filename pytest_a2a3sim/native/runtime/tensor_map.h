// Which tasks have written what part of which buffer, as a runtime that derives dependencies sees
// it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tensors/tensor.h"

namespace a2a3sim {

/// What tensormap_and_ringbuffer knows of the tensors that tasks write. Buffers are known by their
/// base address: two addresses in one buffer have nothing to do with each other. Boxes of one
/// buffer are compared dimension by dimension, whatever shape the buffer has to each.
///
/// On the device entries end with their task. Here they stay: a dependency on a task that has ended
/// orders nothing.
class TensorMap {
  public:
    /// The number of the buffer that begins there; it is new if its number is.
    int32_t buffer(uint64_t base);
    int32_t buffer_count() const { return static_cast<int32_t>(buffers_.size()); }

    /// The task that allocated it as its output, or -1.
    int32_t owner(int32_t buffer) const { return buffers_[static_cast<size_t>(buffer)].owner; }
    void set_owner(int32_t buffer, int32_t task) {
        buffers_[static_cast<size_t>(buffer)].owner = task;
    }

    /// Calls visit(task) for every entry of the buffer that this box overlaps, the newest first.
    /// With `forget_covered`, entries of which it covers everything are forgotten after that, but
    /// for those of the buffer's owner: the caller inserts one that orders as much.
    template <typename Visit>
    void look_up(int32_t buffer, const Tensor& tensor, bool forget_covered, Visit visit) {
        const Buffer& its = buffers_[static_cast<size_t>(buffer)];
        const int32_t owner = its.owner;
        int32_t* link = &buffers_[static_cast<size_t>(buffer)].newest;
        while (*link >= 0) {
            const int32_t index = *link;
            Entry& entry = entries_[static_cast<size_t>(index)];
            const Overlap overlap = overlap_of(tensor, entry);
            if (overlap != Overlap::kNone) visit(entry.task);
            if (overlap == Overlap::kCovers && forget_covered && entry.task != owner) {
                *link = entry.next;
                entry.next = free_;
                free_ = index;
            } else {
                link = &entry.next;
            }
        }
    }

    /// Notes that `task` writes the box.
    void insert(int32_t buffer, const Tensor& tensor, int32_t task);

  private:
    struct Entry {
        int32_t next;  // of the same buffer, an older one; or -1
        int32_t task;
        int32_t version;
        uint32_t ndims;
        std::array<uint32_t, RUNTIME_MAX_TENSOR_DIMS> offsets;
        std::array<uint32_t, RUNTIME_MAX_TENSOR_DIMS> shapes;
    };

    struct Buffer {
        uint64_t base;
        int32_t newest = -1;  // entry
        int32_t owner = -1;
    };

    enum class Overlap { kNone, kPart, kCovers };

    static Overlap overlap_of(const Tensor& tensor, const Entry& entry);
    size_t slot_of(uint64_t base) const;
    void grow();

    std::vector<Buffer> buffers_;
    std::vector<int32_t> slots_ = std::vector<int32_t>(1024, -1);  // hash table of buffers
    std::vector<Entry> entries_;
    int32_t free_ = -1;
};

}  // namespace a2a3sim
