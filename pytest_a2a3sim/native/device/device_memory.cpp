#include "device/device_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "base/failure.h"
#include "base/memory.h"
#include "base/ticks.h"
#include "device/guard_pattern.h"
#include "shared/array_memory.h"

namespace a2a3sim {

namespace {

constexpr size_t kLargestReservation = size_t{1} << 42;
constexpr double kShare = 0.5;  // of scarce addresses
constexpr size_t kWorthMakingPresent = size_t{16} << 10;
constexpr size_t kSharedRegion = size_t{64} << 20;

size_t round_up_to_page(size_t size, size_t page) {
    return round_up(std::max<size_t>(size, 1), page);
}

void set_reachable(uintptr_t pages, size_t size, bool reachable) {
    if (mprotect(reinterpret_cast<void*>(pages), size,
                 reachable ? PROT_READ | PROT_WRITE : PROT_NONE) != 0) {
        throw std::bad_alloc();  // more mappings than the system allows
    }
}

}  // namespace

DeviceMemory::DeviceMemory(Options options, SharedTable<DeviceBuffer>& buffers)
    : options_(std::move(options)),
      page_size_(static_cast<size_t>(sysconf(_SC_PAGESIZE))),
      buffers_(buffers) {
    const size_t largest = address_space(kLargestReservation, kShare) / kHugePage * kHugePage;
    for (size_t size = std::max(largest, 2 * kGuardSize); size >= 2 * kGuardSize; size /= 2) {
        void* range =
            mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (range == MAP_FAILED) continue;
        reserved_ = size;
        base_ = reinterpret_cast<uintptr_t>(range);
        next_ = base_ + kGuardSize;
        return;
    }
    throw CaseFailure(A2A3_FAILURE_OUT_OF_MEMORY,
                      "no address space for the simulated device's memory (see `ulimit -v`)");
}

DeviceMemory::~DeviceMemory() { munmap(reinterpret_cast<void*>(base_), reserved_); }

uintptr_t DeviceMemory::reserve_pages(size_t size) {
    const uintptr_t pages = size >= kHugePage ? round_up(next_, kHugePage) : next_;
    const uintptr_t end = base_ + reserved_;
    if (size > reserved_ || pages > end || size + kGuardSize > end - pages) return 0;
    next_ = pages + size + kGuardSize;
    return pages;
}

DeviceMemory::Placement DeviceMemory::placement_of_next() const {
    for (const a2a3_watch& watch : options_.watches) {
        if (options_.places_watched && watch.buffer == static_cast<int64_t>(buffers_.size())) {
            return watch.underrun != 0 ? Placement::kFlushBegin : Placement::kFlushEnd;
        }
    }
    return buffers_.size() < kGuardedBuffers ? Placement::kGuardedEnd : Placement::kShared;
}

bool DeviceMemory::place_guarded(DeviceBuffer& buffer, Placement placement) {
    buffer.mapped_size = round_up_to_page(buffer.size, page_size_);
    buffer.pages = reserve_pages(buffer.mapped_size);
    if (buffer.pages == 0) return false;
    region_next_ = region_end_ = 0;  // shared regions begin afresh above: addresses ascend
    const uintptr_t end = buffer.pages + buffer.mapped_size;
    if (placement == Placement::kFlushBegin) {
        buffer.begin = buffer.pages;
    } else if (placement == Placement::kFlushEnd) {
        buffer.begin = end - buffer.size;
    } else {
        buffer.begin = end - round_up(buffer.size, kAlignment);
    }
    return true;
}

bool DeviceMemory::place_shared(DeviceBuffer& buffer) {
    const size_t with_gap = round_up(buffer.size, kAlignment) + kAlignment;
    if (with_gap > region_end_ - region_next_) {
        const size_t region = round_up(std::max(with_gap, kSharedRegion), page_size_);
        const uintptr_t pages = reserve_pages(region);
        if (pages == 0) return false;
        regions_.push_back(Region{pages, region});
        region_next_ = pages;
        region_end_ = pages + region;
    }
    buffer.begin = region_next_;
    region_next_ += with_gap;
    return true;
}

void* DeviceMemory::allocate(size_t size, int64_t call, const void* caller) {
    if (size > options_.capacity - live_bytes_) return nullptr;
    DeviceBuffer buffer{0, size, 0, 0, call, 1, 0, reinterpret_cast<uint64_t>(caller), read_ticks(),
                        0};
    const Placement placement = placement_of_next();
    const bool placed =
        placement == Placement::kShared ? place_shared(buffer) : place_guarded(buffer, placement);
    if (!placed) return nullptr;
    buffers_.push_back(buffer);
    live_bytes_ += size;
    peak_bytes_ = std::max(peak_bytes_, live_bytes_);
    return reinterpret_cast<void*>(buffer.begin);
}

ptrdiff_t DeviceMemory::find(uintptr_t address) const {
    const DeviceBuffer* const after = std::upper_bound(
        buffers_.begin(), buffers_.end(), address,
        [](uintptr_t value, const DeviceBuffer& buffer) { return value < buffer.begin; });
    return after - buffers_.begin() - 1;
}

std::string DeviceMemory::free(void* address) {
    if (address == nullptr) return "";
    const auto begin = reinterpret_cast<uintptr_t>(address);
    const ptrdiff_t index = find(begin);
    if (index < 0 || buffers_[static_cast<size_t>(index)].begin != begin) {
        return format("device_free(%p): device_malloc never returned that address", address);
    }
    DeviceBuffer& buffer = buffers_[static_cast<size_t>(index)];
    if (buffer.live == 0) {
        return format("device_free(%p): device buffer #%td was freed before", address, index);
    }
    buffer.live = 0;
    buffer.freed = read_ticks();
    live_bytes_ -= buffer.size;
    if (buffer.content != kNothing && buffer.pages != 0) {
        madvise(reinterpret_cast<void*>(buffer.pages), buffer.mapped_size, MADV_DONTNEED);
    }
    return "";
}

DeviceMemory::Region DeviceMemory::own_bytes(const DeviceBuffer& buffer) {
    if (buffer.pages != 0) return {buffer.pages, buffer.mapped_size};
    return {buffer.begin, round_up(buffer.size, kAlignment) + kAlignment};
}

int DeviceMemory::poison_of(size_t index) const {
    const bool other = std::any_of(options_.other_poison.begin(), options_.other_poison.end(),
                                   [number = static_cast<int64_t>(index)](const auto& range) {
                                       return number >= range.begin && number < range.end;
                                   });
    return other ? A2A3_POISON_NUMBER : A2A3_POISON_NAN;
}

void DeviceMemory::paint(size_t index) const { fill(index, true, 1); }

void DeviceMemory::fill(size_t index, bool with_poison, int threads) const {
    const DeviceBuffer& buffer = buffers_[index];
    const Region own = own_bytes(buffer);
    const bool live = buffer.live != 0;
    fill_guard(own.begin, buffer.begin, index);
    fill_guard(live ? buffer.end() : buffer.begin, own.begin + own.size, index);
    if (live && with_poison) {
        fill_on_threads(reinterpret_cast<void*>(buffer.begin), poison_of(index), buffer.size,
                        threads);
    }
}

template <typename Copy>
void DeviceMemory::with_access(const void* dev, bool is_overwritten, Copy copy) {
    const auto index = static_cast<size_t>(find(reinterpret_cast<uintptr_t>(dev)));
    DeviceBuffer& buffer = buffers_[index];
    const Region own = own_bytes(buffer);
    const uintptr_t pages = own.begin / page_size_ * page_size_;
    const size_t size = round_up(own.begin + own.size - pages, page_size_);
    set_reachable(pages, size, true);
    if (buffer.content == kNothing) {
        if (buffer.pages != 0) expect_faults(own);
        fill(index, !is_overwritten, options_.threads);
        buffer.content = kCopied;
    }
    copy();
    set_reachable(pages, size, false);
}

void DeviceMemory::expect_faults(const Region& pages) {
    if (pages.size >= kHugePage) {
        madvise(reinterpret_cast<void*>(pages.begin), pages.size, MADV_HUGEPAGE);
    } else if (pages.size >= kWorthMakingPresent) {
        make_present(reinterpret_cast<char*>(pages.begin), pages.size);
    }
}

void DeviceMemory::copy_in(void* dev, const void* host, size_t size, int threads) {
    const DeviceBuffer& buffer =
        buffers_[static_cast<size_t>(find(reinterpret_cast<uintptr_t>(dev)))];
    with_access(dev, size == buffer.size, [&] { copy_on_threads(dev, host, size, threads); });
}

void DeviceMemory::copy_out(void* host, const void* dev, size_t size, int threads) {
    with_access(dev, false, [&] { copy_on_threads(host, dev, size, threads); });
}

DeviceBuffer* DeviceMemory::whole_fresh_buffer(const void* dev, size_t size) const {
    DeviceBuffer& buffer = buffers_[buffer_at(dev)];
    const bool is_whole = buffer.begin == reinterpret_cast<uintptr_t>(dev) && buffer.size == size;
    const bool is_fresh = buffer.content == kNothing && buffer.live != 0 && buffer.pages != 0;
    const bool is_placed_so = buffer.begin - buffer.pages == bytes_before_large(size);
    return is_whole && is_fresh && is_placed_so ? &buffer : nullptr;
}

void DeviceMemory::finish_replacing(DeviceBuffer& buffer, BufferContent content) {
    buffer.content = content;
    if (content == kNothing) return;  // is filled when it is opened
    fill(buffer_at(reinterpret_cast<const void*>(buffer.begin)), false, 1);
    set_reachable(buffer.pages, buffer.mapped_size, false);
}

void DeviceMemory::open() {
    for (const Region& region : regions_) {
        set_reachable(region.begin, region.size, true);
        expect_faults(region);
    }
    for (size_t index = 0; index < buffers_.size(); ++index) {
        DeviceBuffer& buffer = buffers_[index];
        const bool live = buffer.live != 0;
        if (buffer.pages != 0) {
            if (!live) continue;
            set_reachable(buffer.pages, buffer.mapped_size, true);
            if (buffer.content == kNothing) expect_faults(own_bytes(buffer));
        }
        if (buffer.content != kNothing && live) continue;
        fill(index, true, options_.threads);
        buffer.content = kPoison;
    }
}

std::string DeviceMemory::check_range(const void* address, size_t size) const {
    const auto begin = reinterpret_cast<uintptr_t>(address);
    const ptrdiff_t index = find(begin);
    if (index < 0 || begin - base_ >= reserved_) {
        return format("%p is not a device address", address);
    }
    const DeviceBuffer& buffer = buffers_[static_cast<size_t>(index)];
    if (begin > buffer.end()) {
        return format("%p lies %zu bytes past the end of device buffer #%td (%zu bytes)", address,
                      begin - buffer.end(), index, buffer.size);
    }
    if (buffer.live == 0) {
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

bool DeviceMemory::is_damaged(size_t index, Damage& damage) const {
    const DeviceBuffer& buffer = buffers_[index];
    if (buffer.pages != 0 && buffer.live == 0) return false;  // unreachable
    const Region own = own_bytes(buffer);
    const uintptr_t own_end = own.begin + own.size;
    const uintptr_t after = buffer.live != 0 ? buffer.end() : buffer.begin;
    damage.buffer = index;
    damage.address = first_changed(after, own_end, index);
    if (damage.address != own_end) return true;
    if (buffer.pages == 0) return false;
    damage.address = last_changed(buffer.pages, buffer.begin, index);
    return damage.address != buffer.begin;
}

bool DeviceMemory::find_damage(Damage& damage) const {
    for (size_t index = 0; index < buffers_.size(); ++index) {
        if (is_damaged(index, damage)) return true;
    }
    return false;
}

bool DeviceMemory::find_watched_damage(Damage& damage) const {
    return std::any_of(options_.watches.begin(), options_.watches.end(),
                       [&](const a2a3_watch& watch) {
                           return watch.buffer < static_cast<int64_t>(buffers_.size()) &&
                                  is_damaged(static_cast<size_t>(watch.buffer), damage);
                       });
}

}  // namespace a2a3sim
