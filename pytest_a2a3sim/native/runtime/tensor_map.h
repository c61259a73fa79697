// Which tasks have written what part of which buffer, as a runtime that derives dependencies sees
// it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tensors/request.h"

namespace a2a3sim {

/// What a runtime that derives dependencies knows of the tensors that tasks write. Buffers are
/// known by their base address: two addresses in one buffer have nothing to do with each other.
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

    /// Whether a task that was submitted uses the buffer, and writes it.
    bool is_used(int32_t buffer) const { return buffers_[static_cast<size_t>(buffer)].used; }
    bool is_written(int32_t buffer) const { return buffers_[static_cast<size_t>(buffer)].written; }
    void note_use(int32_t buffer, bool writes) {
        buffers_[static_cast<size_t>(buffer)].used = true;
        buffers_[static_cast<size_t>(buffer)].written |= writes;
    }

    /// Calls visit(task) for every entry of the buffer that this tensor overlaps, the newest first.
    /// With `forget_covered`, entries of which it covers everything are forgotten after that, but
    /// for those of the buffer's owner: the caller inserts one that orders as much.
    template <typename Visit>
    void look_up(int32_t buffer, const Tensor& tensor, Geometry geometry, bool forget_covered,
                 Visit visit) {
        const Buffer& its = buffers_[static_cast<size_t>(buffer)];
        const int32_t owner = its.owner;
        int32_t* link = &buffers_[static_cast<size_t>(buffer)].newest;
        while (*link >= 0) {
            const int32_t index = *link;
            Entry& entry = entries_[static_cast<size_t>(index)];
            const Overlap overlap = overlap_of(tensor, *entry.tensor, geometry);
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

    /// Notes that `task` writes the tensor, which must stay where it is.
    void insert(int32_t buffer, const Tensor& tensor, int32_t task);

  private:
    struct Entry {
        int32_t next;  // of the same buffer, an older one; or -1
        int32_t task;
        const Tensor* tensor;
    };

    struct Buffer {
        uint64_t base;
        int32_t newest = -1;  // entry
        int32_t owner = -1;
        bool used = false;
        bool written = false;
    };

    enum class Overlap { kNone, kPart, kCovers };

    static Overlap overlap_of(const Tensor& tensor, const Tensor& written, Geometry geometry);
    static Overlap overlap_of_boxes(const uint32_t* offsets, const Tensor& tensor,
                                    const uint32_t* its_offsets, const Tensor& written);
    static Overlap overlap_of_strides(const Tensor& tensor, const Tensor& written);
    size_t slot_of(uint64_t base) const;
    void grow();

    std::vector<Buffer> buffers_;
    std::vector<int32_t> slots_ = std::vector<int32_t>(1024, -1);  // hash table of buffers
    std::vector<Entry> entries_;
    int32_t free_ = -1;
};

}  // namespace a2a3sim
