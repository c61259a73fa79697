#include "base/kept_memory.h"

#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>

namespace a2a3sim {

namespace {

constexpr int kAccess = PROT_READ | PROT_WRITE;

char* map(void* address, size_t size, int access, int flags) {
    void* const mapping = mmap(address, size, access, flags | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) throw std::bad_alloc();
    return static_cast<char*>(mapping);
}

/// Shared memory that begins at the boundary of a huge page: only then can it be in such pages.
char* map_aligned(size_t size) {
    char* const reserved = map(nullptr, size + kHugePage, PROT_NONE, MAP_PRIVATE | MAP_NORESERVE);
    const auto address = reinterpret_cast<uintptr_t>(reserved);
    return map(reserved + (round_up(address, kHugePage) - address), size, kAccess,
               MAP_SHARED | MAP_NORESERVE | MAP_FIXED);
}

struct Range {
    char* begin;
    size_t size;
};

/// What this process has moved to where it is used.
Range in_use[static_cast<size_t>(KeptMemory::Part::kCount)];

/// In a process that has been forked: what it does there must not be seen by the other one.
void make_private() {
    for (Range& range : in_use) {
        if (range.size == 0) continue;
        void* const copy = mmap(nullptr, range.size, kAccess, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (copy == MAP_FAILED) continue;
        std::memcpy(copy, range.begin, range.size);
        mremap(copy, range.size, range.size, MREMAP_MAYMOVE | MREMAP_FIXED, range.begin);
        range.size = 0;
    }
}

}  // namespace

KeptMemory::KeptMemory()
    : asked_(reinterpret_cast<std::atomic<size_t>*>(
          map(nullptr, kParts * sizeof(std::atomic<size_t>), kAccess, MAP_SHARED))),
      begin_(are_addresses_scarce() ? nullptr : map_aligned(kParts * kMost)) {}

void KeptMemory::refill() {
    for (size_t part = 0; part < kParts && begin_ != nullptr; ++part) {
        // Kernels can reach that number.
        const size_t asked = std::min(asked_[part].load(std::memory_order_relaxed), kMost);
        const size_t wanted = round_up(asked, kHugePage);
        if (wanted <= present_[part]) continue;
        fill_with_huge_pages({begin_of(part) + present_[part], wanted - present_[part]});
        present_[part] = wanted;
    }
}

size_t KeptMemory::move(Part part, char* address, size_t room) const {
    const auto index = static_cast<size_t>(part);
    const size_t size = std::min(present_[index], room / kHugePage * kHugePage);
    if (size == 0 || in_use[index].size != 0 ||
        mremap(begin_of(index), size, size, MREMAP_MAYMOVE | MREMAP_FIXED, address) == MAP_FAILED) {
        return 0;
    }
    static const int forks_with_copies = pthread_atfork(nullptr, nullptr, make_private);
    (void)forks_with_copies;
    in_use[index] = {address, size};
    return size;
}

void KeptMemory::ask_for(Part part, size_t size) const {
    std::atomic<size_t>& asked = asked_[static_cast<size_t>(part)];
    if (asked.load(std::memory_order_relaxed) < size) asked.store(size, std::memory_order_relaxed);
}

}  // namespace a2a3sim
