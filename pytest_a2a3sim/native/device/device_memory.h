// The simulated device's memory: a range of addresses that no host memory is in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "shared/shared_memory.h"

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

/// What the orchestration copied from or to a tensor of the host, or will copy when the graph has
/// run.
struct DeviceCopy {
    uintptr_t begin;  // on the device
    size_t size;
    int32_t tensor;
    uint64_t offset;  // in the tensor
    bool to_device;
};
/// What is in a buffer, and in the guards around it, when kernels get it.
enum BufferContent : uint64_t { kNothing, kPoison, kCopied };

struct DeviceBuffer {
    uintptr_t begin;
    size_t size;
    uintptr_t pages;     // the whole pages that hold it alone; 0 for a buffer in a shared region
    size_t mapped_size;  // of those pages
    int64_t call;        // of device_malloc, from 1
    uint64_t live;       // 0: it was freed
    uint64_t content;    // a BufferContent
    uint64_t caller;     // code that called device_malloc
    int64_t allocated;   // ticks, when
    int64_t freed;       // ticks, when it was freed

    uintptr_t end() const { return begin + size; }
};

/// A byte that a kernel overwrote next to a buffer, or in a freed one.
struct Damage {
    size_t buffer;
    uintptr_t address;
};

/// Allocation is O(1): addresses ascend and are never used twice, so that an access after
/// device_free faults for as long as the case runs. Each buffer ends at unreachable addresses
/// (within kAlignment). Past kGuardedBuffers, where guards would exhaust the kernel's mappings,
/// buffers share regions. Fresh memory is filled with poison, and the bytes around a buffer with
/// a pattern by which find_damage() knows an overrun that did not fault.
///
/// Until open(), nothing of it can be reached but by copy_in() and copy_out(): on the device, the
/// orchestration runs on the host. Pages of a buffer become present when they are first needed.
class DeviceMemory {
  public:
    static constexpr size_t kAlignment = 64;
    static constexpr size_t kGuardedBuffers = 8192;
    static constexpr size_t kGuardSize = size_t{64} << 10;

    struct Options {
        size_t capacity;  // bytes that can be live at a time
        std::vector<a2a3_buffer_range> other_poison;
        std::vector<a2a3_watch> watches;
        bool places_watched;  // so that the access next to them faults
        int threads;          // that fill large buffers
    };

    /// Buffers are listed in `buffers`. Throws CaseFailure without address space.
    DeviceMemory(Options options, SharedTable<DeviceBuffer>& buffers);
    ~DeviceMemory();
    DeviceMemory(const DeviceMemory&) = delete;
    DeviceMemory& operator=(const DeviceMemory&) = delete;

    /// nullptr when `size` bytes more do not fit. `call` is the number of the call, `caller` the
    /// code that it came from.
    void* allocate(size_t size, int64_t call, const void* caller);

    /// "" or what is wrong with freeing `address`.
    std::string free(void* address);

    /// "" or why [address, address + size) is not inside one live buffer.
    std::string check_range(const void* address, size_t size) const;

    /// Copies to and from a range that check_range() has found no fault with, on several threads
    /// if it is much. Throws std::bad_alloc if the system refuses a mapping.
    void copy_in(void* dev, const void* host, size_t size, int threads = 1);
    void copy_out(void* host, const void* dev, size_t size, int threads = 1);

    /// Has a whole buffer that nothing was copied to be other memory, which move(pages) maps over
    /// the buffer's pages unless it returns false, the data where those of a large array begin.
    /// `content`: of that memory.
    template <typename Move>
    bool replace(void* dev, size_t size, BufferContent content, Move move) {
        DeviceBuffer* const buffer = whole_fresh_buffer(dev, size);
        if (buffer == nullptr) return false;
        if (!move(reinterpret_cast<char*>(buffer->pages))) return false;
        finish_replacing(*buffer, content);
        return true;
    }

    /// Makes live buffers reachable, for kernels. Throws std::bad_alloc.
    void open();

    /// Where device memory begins, and how much of it has been given to buffers and what is around
    /// them, in bytes.
    uintptr_t begin() const { return base_; }
    size_t used_size() const { return next_ - base_; }

    /// Calls visit(begin, size) for each range of pages that open() makes reachable.
    template <typename Visit>
    void for_each_open_range(Visit visit) const {
        for (const Region& region : regions_) visit(region.begin, region.size);
        for (const DeviceBuffer& buffer : buffers_) {
            if (buffer.pages != 0 && buffer.live != 0) visit(buffer.pages, buffer.mapped_size);
        }
    }

    /// The last buffer that begins at or before `address`, or -1.
    ptrdiff_t find(uintptr_t address) const;
    const SharedTable<DeviceBuffer>& buffers() const { return buffers_; }
    /// Fills a live buffer with poison, and the guards around it, as open() does.
    void paint(size_t index) const;

    /// Whether the address is one that device memory may have, in a buffer or not.
    bool contains(uintptr_t address) const { return address - base_ < reserved_; }

    /// The first buffer around which something was written; false if there is none.
    bool find_damage(Damage& damage) const;
    /// The same for the watched buffers alone.
    bool find_watched_damage(Damage& damage) const;

    /// The buffer that holds `address`, of which check_range() has said that one does.
    size_t buffer_at(const void* address) const {
        return static_cast<size_t>(find(reinterpret_cast<uintptr_t>(address)));
    }
    const DeviceBuffer& buffer(size_t index) const { return buffers_[index]; }

    size_t buffer_count() const { return buffers_.size(); }
    size_t peak_bytes() const { return peak_bytes_; }
    size_t live_bytes() const { return live_bytes_; }
    size_t capacity() const { return options_.capacity; }
    int threads() const { return options_.threads; }

  private:
    enum class Placement { kGuardedEnd, kFlushEnd, kFlushBegin, kShared };

    Placement placement_of_next() const;
    struct Region {
        uintptr_t begin;
        size_t size;
    };

    uintptr_t reserve_pages(size_t size);
    /// The bytes that belong to a buffer alone: it, and guards around it.
    static Region own_bytes(const DeviceBuffer& buffer);
    /// Makes page faults fewer, where the system allows it: all of it is about to be written.
    static void expect_faults(const Region& pages);
    int poison_of(size_t index) const;
    void fill(size_t index, bool with_poison, int threads) const;
    DeviceBuffer* whole_fresh_buffer(const void* dev, size_t size) const;
    void finish_replacing(DeviceBuffer& buffer, BufferContent content);
    template <typename Copy>
    void with_access(const void* dev, bool is_overwritten, Copy copy);
    bool place_guarded(DeviceBuffer& buffer, Placement placement);
    bool place_shared(DeviceBuffer& buffer);
    bool is_damaged(size_t index, Damage& damage) const;

    Options options_;
    size_t page_size_;
    size_t reserved_ = 0;
    uintptr_t base_ = 0;
    uintptr_t next_ = 0;
    uintptr_t region_next_ = 0;
    uintptr_t region_end_ = 0;
    std::vector<Region> regions_;
    size_t live_bytes_ = 0;
    size_t peak_bytes_ = 0;
    SharedTable<DeviceBuffer>& buffers_;  // ascending by address
};

}  // namespace a2a3sim
