// Device memory before and after a task: which bytes have changed, whoever changed them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "device/device_memory.h"

namespace a2a3sim {

/// Device memory is read-only, but for some pages of which there are copies. The first write to
/// another page, which the recorder announces or which faults, copies it and makes it writable, the
/// pages behind it too; they stay so for some tasks, since making a page writable and read-only
/// again takes ten times as long as comparing it with its copy.
class PageNet {
  public:
    /// Where faults are not told to open_after_fault(), all pages are writable all the time.
    PageNet(const DeviceMemory& memory, bool faults_are_told);
    ~PageNet();
    PageNet(const PageNet&) = delete;
    PageNet& operator=(const PageNet&) = delete;

    /// Before anything is written to [address, address + size).
    void open(uint64_t address, uint64_t size) {
        for (size_t page = page_of(address); page <= page_of(address + size - 1); ++page) {
            if (copy_of_[page] == kClosed) open_page(page);
        }
    }

    /// Where the pages end that are writable from `address` on, within a window.
    uint64_t end_of_open(uint64_t address) const;

    /// Makes the page of an address reachable that belongs to no buffer. Safe in a signal handler.
    void open_outside(uint64_t address);

    /// Whether a fault at the address was the first write to its page, which can go on now.
    /// Safe in a signal handler.
    bool open_after_fault(uint64_t address);

    /// A byte of a page that is open, as it was when the task began.
    uint8_t before(uint64_t address) const;

    /// Calls visit(begin, end) for each range of bytes that have changed since the last task's end.
    template <typename Visit>
    void for_each_change(Visit visit) {
        for (Copy& copy : copies_) {
            const auto* const now = reinterpret_cast<const uint8_t*>(address_of(copy.page));
            const uint8_t* const before = bytes_of(copy);
            for (size_t at = next_change(before, now, 0); at < page_size_;) {
                const size_t begin = at;
                while (at < page_size_ && before[at] != now[at]) ++at;
                copy.has_changed = true;
                visit(address_of(copy.page) + begin, address_of(copy.page) + at);
                at = next_change(before, now, at);
            }
        }
    }

    /// Calls visit(address, before) for each writable page, with its bytes at the task's start.
    template <typename Visit>
    void for_each_page(Visit visit) const {
        for (const Copy& copy : copies_) visit(address_of(copy.page), bytes_of(copy));
    }

    /// To be called when for_each_change() has told what the task changed.
    void end_task();

    size_t page_size() const { return page_size_; }

  private:
    struct Copy {
        size_t page;
        size_t index;  // in the chunks
        bool has_changed;
    };

    static constexpr size_t kPagesInChunk = 256;
    static constexpr size_t kMostOpen = 32;     // pages, after a task
    static constexpr size_t kFewestAtOnce = 4;  // pages that are made writable
    static constexpr size_t kMostAtOnce = 32;
    static constexpr uint32_t kClosed = UINT32_MAX;        // read-only
    static constexpr uint32_t kNoBuffer = UINT32_MAX - 1;  // has no part of a live buffer

    size_t page_of(uint64_t address) const { return (address - begin_) / page_size_; }
    uint64_t address_of(size_t page) const { return begin_ + page * page_size_; }
    uint8_t* bytes_of(const Copy& copy) const {
        return chunks_[copy.index / kPagesInChunk] + copy.index % kPagesInChunk * page_size_;
    }
    size_t next_change(const uint8_t* before, const uint8_t* now, size_t from) const;
    void open_page(size_t page);
    void copy_page(size_t page);
    void close();
    void make_room();
    void protect(size_t page, size_t count, int protection) const;

    const size_t page_size_;
    const uint64_t begin_;
    const bool closes_;
    std::vector<uint32_t> copy_of_;  // of each page: an index, or one of the constants above
    std::vector<Copy> copies_;
    size_t next_page_ = 0;          // behind those that were opened last,
    size_t at_once_ = 0;            // which were so many
    std::vector<uint8_t*> chunks_;  // of memory that no kernel can run into
};

}  // namespace a2a3sim
