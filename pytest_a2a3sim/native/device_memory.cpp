#include "device_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "failure.h"
#include "text.h"

namespace a2a3sim {

namespace {

constexpr size_t kLargestReservation = size_t{1} << 42;
constexpr size_t kSharedRegion = size_t{64} << 20;
constexpr int kPoison = 0xFF;

size_t round_up(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

}  // namespace

DeviceMemory::DeviceMemory(size_t capacity)
    : page_size_(static_cast<size_t>(sysconf(_SC_PAGESIZE))), capacity_(capacity) {
    for (size_t size = kLargestReservation; size >= page_size_; size /= 2) {
        void* range =
            mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (range == MAP_FAILED) continue;
        reserved_ = size;
        base_ = next_ = reinterpret_cast<uintptr_t>(range);
        return;
    }
    throw CaseFailure(A2A3_FAILURE_OUT_OF_MEMORY,
                      "no address space for the simulated device's memory (see `ulimit -v`)");
}

DeviceMemory::~DeviceMemory() { munmap(reinterpret_cast<void*>(base_), reserved_); }

uintptr_t DeviceMemory::map_pages(size_t size) {
    const size_t with_guard = size + page_size_;
    if (with_guard > base_ + reserved_ - next_) return 0;
    const uintptr_t pages = next_;
    if (mprotect(reinterpret_cast<void*>(pages), size, PROT_READ | PROT_WRITE) != 0) return 0;
    next_ += with_guard;
    return pages;
}

uintptr_t DeviceMemory::place_guarded(size_t size, size_t* mapped_size) {
    *mapped_size = round_up(std::max<size_t>(size, 1), page_size_);
    const uintptr_t pages = map_pages(*mapped_size);
    if (pages == 0) return 0;
    // The whole pages are poisoned: what lies around the buffer is no more initialised than it.
    std::memset(reinterpret_cast<void*>(pages), kPoison, *mapped_size);
    return pages + *mapped_size - round_up(size, kAlignment);
}

uintptr_t DeviceMemory::place_shared(size_t size) {
    const size_t with_gap = round_up(size, kAlignment) + kAlignment;
    if (with_gap > region_end_ - region_next_) {
        const size_t region = round_up(std::max(with_gap, kSharedRegion), page_size_);
        const uintptr_t pages = map_pages(region);
        if (pages == 0) return 0;
        region_next_ = pages;
        region_end_ = pages + region;
    }
    const uintptr_t begin = region_next_;
    region_next_ += with_gap;
    std::memset(reinterpret_cast<void*>(begin), kPoison, with_gap);
    return begin;
}

void* DeviceMemory::allocate(size_t size) {
    if (size > capacity_ - live_bytes_) return nullptr;
    DeviceBuffer buffer{0, size, 0, true};
    buffer.begin = buffers_.size() < kGuardedBuffers ? place_guarded(size, &buffer.mapped_size)
                                                     : place_shared(size);
    if (buffer.begin == 0) return nullptr;
    buffers_.push_back(buffer);
    live_bytes_ += size;
    peak_bytes_ = std::max(peak_bytes_, live_bytes_);
    return reinterpret_cast<void*>(buffer.begin);
}

ptrdiff_t DeviceMemory::find(uintptr_t address) const {
    const auto after = std::upper_bound(
        buffers_.begin(), buffers_.end(), address,
        [](uintptr_t value, const DeviceBuffer& buffer) { return value < buffer.begin; });
    return after - buffers_.begin() - 1;
}

std::string DeviceMemory::free(void* address) {
    if (address == nullptr) return "";
    const uintptr_t begin = reinterpret_cast<uintptr_t>(address);
    const ptrdiff_t index = find(begin);
    if (index < 0 || buffers_[static_cast<size_t>(index)].begin != begin) {
        return format("device_free(%p): device_malloc never returned that address", address);
    }
    DeviceBuffer& buffer = buffers_[static_cast<size_t>(index)];
    if (!buffer.live) {
        return format("device_free(%p): device buffer #%td was freed before", address, index);
    }
    buffer.live = false;
    live_bytes_ -= buffer.size;
    if (buffer.mapped_size != 0) {
        const uintptr_t pages = begin / page_size_ * page_size_;
        const uintptr_t first =
            buffer.size == 0 ? begin - buffer.mapped_size : pages;  // an empty one ends its pages
        void* const range = reinterpret_cast<void*>(first);
        madvise(range, buffer.mapped_size, MADV_DONTNEED);
        mprotect(range, buffer.mapped_size, PROT_NONE);
    } else {
        std::memset(address, kPoison, buffer.size);
    }
    return "";
}

std::string DeviceMemory::check_range(const void* address, size_t size) const {
    const uintptr_t begin = reinterpret_cast<uintptr_t>(address);
    const ptrdiff_t index = find(begin);
    if (index < 0 || begin - base_ >= reserved_) {
        return format("%p is not a device address", address);
    }
    const DeviceBuffer& buffer = buffers_[static_cast<size_t>(index)];
    if (begin > buffer.end()) {
        return format("%p lies %zu bytes past the end of device buffer #%td (%zu bytes)", address,
                      begin - buffer.end(), index, buffer.size);
    }
    if (!buffer.live) {
        return format("%p lies in device buffer #%td, which was freed", address, index);
    }
    if (size > buffer.end() - begin) {
        return format(
            "%zu bytes do not fit: device buffer #%td has %zu bytes, %zu of them from "
            "%p on",
            size, index, buffer.size, buffer.end() - begin, address);
    }
    return "";
}

}  // namespace a2a3sim
