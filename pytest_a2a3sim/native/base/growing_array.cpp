#include "base/growing_array.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <new>

#include "base/memory.h"

namespace a2a3sim {

namespace {

// Zeroing a huge page costs about as much as faulting in a few times this many bytes.
constexpr size_t kSmallPages = size_t{256} << 10;

/// Of scarce addresses; a graph has four of these.
constexpr double kShare = 0.05;

/// More than that cannot be used, and addresses are scarce on some machines.
size_t twice_physical_memory() {
    return 2 * static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) *
           static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

GrowingMemory::GrowingMemory(size_t limit, const Kept& kept)
    : kept_(kept),
      small_(kSmallPages),
      limit_(kSmallPages +
             round_up(address_space(std::min(limit, twice_physical_memory()), kShare), kHugePage)),
      mapping_size_(limit_ + 2 * kHugePage) {
    void* const mapping =
        mmap(nullptr, mapping_size_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) throw std::bad_alloc();
    mapping_ = static_cast<char*>(mapping);
    const uintptr_t boundary =
        round_up(reinterpret_cast<uintptr_t>(mapping) + kSmallPages, kHugePage);
    char* const first_huge = mapping_ + (boundary - reinterpret_cast<uintptr_t>(mapping));
    begin_ = first_huge - kSmallPages;
    if (kept_.memory == nullptr) return;
    usable_ = kept_.memory->move(kept_.part, first_huge, limit_ - kSmallPages);
    if (usable_ == 0) return;
    begin_ = first_huge;
    limit_ -= std::exchange(small_, 0);
}

GrowingMemory::~GrowingMemory() {
    if (mapping_ != nullptr) munmap(mapping_, mapping_size_);
}

GrowingMemory::GrowingMemory(GrowingMemory&& other) noexcept
    : kept_(other.kept_),
      small_(other.small_),
      limit_(std::exchange(other.limit_, 0)),
      mapping_(std::exchange(other.mapping_, nullptr)),
      mapping_size_(std::exchange(other.mapping_size_, 0)),
      begin_(std::exchange(other.begin_, nullptr)),
      usable_(std::exchange(other.usable_, 0)) {}

void GrowingMemory::grow(size_t size) {
    size_t usable = std::max(usable_ * 2, kSmallPages);
    while (usable < size) usable *= 2;
    if (usable > small_) usable = small_ + round_up(usable - small_, kHugePage);
    usable = std::min(usable, limit_);
    if (usable < size ||
        mprotect(begin_ + usable_, usable - usable_, PROT_READ | PROT_WRITE) != 0) {
        throw std::bad_alloc();
    }
    // Without huge pages the memory is as good, only slower to come by.
    const size_t first_huge = std::max(usable_, small_);
    if (usable > first_huge) {
        madvise(begin_ + first_huge, usable - first_huge, MADV_HUGEPAGE);
        if (kept_.memory != nullptr) kept_.memory->ask_for(kept_.part, usable - small_);
    }
    usable_ = usable;
}

void GrowingMemory::clear() const { madvise(begin_, usable_, MADV_DONTNEED); }

void GrowingMemory::make_read_only() const {
    if (mprotect(begin_, usable_, PROT_READ) != 0) throw std::bad_alloc();
}

}  // namespace a2a3sim
