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
        find(buffer, tensor, geometry, forget_covered);
        for (const Found& found : found_) visit(found.task);
    }

    /// Notes that `task` writes the tensor, which must stay where it is.
    void insert(int32_t buffer, const Tensor& tensor, Geometry geometry, int32_t task);

  private:
    /// Where a tensor lies along what an index is by: elements of the buffer, or of the first
    /// dimension of boxes.
    struct Extent {
        uint64_t begin;
        uint64_t size;
    };

    struct Entry {
        int32_t next;  // of the same list, an older one; or -1
        int32_t task;
        uint64_t number;  // from the oldest on
        const Tensor* tensor;
        Extent extent;
        Geometry geometry;  // of the extent
        bool has_version;   // other than 0
    };

    struct Found {
        uint64_t number;
        int32_t task;
    };

    /// Lists of entries by where they begin. Those that are longer than a step, or of a version of
    /// their own, are in none.
    struct Index {
        Geometry geometry;
        int shift;                    // a step is a power of two
        bool reaches_next;            // an entry ends behind the step in which it begins
        std::vector<int32_t> newest;  // entry, by begin >> shift
    };

    struct Buffer {
        uint64_t base;
        int32_t newest = -1;  // entry of those that are in no list of the index
        int32_t index = -1;
        int32_t unindexed = 0;  // entries, ever
        int32_t owner = -1;
        bool used = false;
        bool written = false;
    };

    static constexpr int32_t kMostUnindexed = 8;  // entries of a buffer, before it gets an index
    static constexpr uint64_t kMostLists = 1 << 16;
    static constexpr int32_t kKeepAll = -2;  // where an owner is expected, of which -1 is none

    enum class Overlap { kNone, kPart, kCovers };

    static Extent extent_of(const Tensor& tensor, Geometry geometry);
    void find(int32_t buffer, const Tensor& tensor, Geometry geometry, bool forget_covered);
    void find_in(int32_t& list, const Tensor& tensor, Geometry geometry, int32_t kept_owner);
    int32_t* list_of(Buffer& buffer, const Entry& entry);
    void make_index(Buffer& buffer, Geometry geometry);
    static Overlap overlap_of(const Tensor& tensor, const Tensor& written, Geometry geometry);
    static Overlap overlap_of_boxes(const uint32_t* offsets, const Tensor& tensor,
                                    const uint32_t* its_offsets, const Tensor& written);
    static Overlap overlap_of_strides(const Tensor& tensor, const Tensor& written);
    size_t slot_of(uint64_t base) const;
    void grow();

    std::vector<Buffer> buffers_;
    std::vector<int32_t> slots_ = std::vector<int32_t>(1024, -1);  // hash table of buffers
    std::vector<Index> indices_;
    std::vector<Entry> entries_;
    std::vector<Found> found_;  // of the last look-up
    int32_t free_ = -1;
    uint64_t count_ = 0;
};

}  // namespace a2a3sim
