#include "sanitizer/page_net.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "a2a3sim/recorder.h"

namespace a2a3sim {

namespace {

constexpr size_t kMostChunks = size_t{1} << 20;  // 1 TiB of copies

void* map(size_t size) {
    void* const memory =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    return memory;
}

}  // namespace

PageNet::PageNet(const DeviceMemory& memory, bool faults_are_told)
    : page_size_(static_cast<size_t>(sysconf(_SC_PAGESIZE))),
      begin_(memory.begin()),
      closes_(faults_are_told),
      copy_of_(memory.used_size() / page_size_ + 1, kNoBuffer) {
    // A handler of signals appends to these.
    copies_.reserve(copy_of_.size());
    chunks_.reserve(std::min(copy_of_.size() / kPagesInChunk + 1, kMostChunks));
    memory.for_each_open_range([&](uint64_t begin, size_t size) {
        std::fill_n(copy_of_.begin() + static_cast<ptrdiff_t>(page_of(begin)), size / page_size_,
                    kClosed);
        if (closes_) protect(page_of(begin), size / page_size_, PROT_READ);
        for (size_t i = 0; !closes_ && i < size / page_size_; ++i) copy_page(page_of(begin) + i);
    });
    make_room();
}

PageNet::~PageNet() {
    for (size_t page = 0; page < copy_of_.size();) {
        size_t end = page;
        while (end < copy_of_.size() && copy_of_[end] != kNoBuffer) ++end;
        if (end > page) protect(page, end - page, PROT_READ | PROT_WRITE);
        page = end + 1;
    }
    for (uint8_t* const chunk : chunks_) munmap(chunk, kPagesInChunk * page_size_);
}

void PageNet::protect(size_t page, size_t count, int protection) const {
    mprotect(reinterpret_cast<void*>(address_of(page)), count * page_size_, protection);
}

size_t PageNet::next_change(const uint8_t* before, const uint8_t* now, size_t from) const {
    constexpr size_t kBlock = 256;
    while (from < page_size_) {
        const size_t size = std::min(kBlock - from % kBlock, page_size_ - from);
        if (std::memcmp(before + from, now + from, size) != 0) {
            while (before[from] == now[from]) ++from;
            return from;
        }
        from += size;
    }
    return page_size_;
}

void PageNet::make_room() {
    if (copies_.size() < chunks_.size() * kPagesInChunk) return;
    if (chunks_.size() == chunks_.capacity()) throw std::bad_alloc();
    chunks_.push_back(static_cast<uint8_t*>(map(kPagesInChunk * page_size_)));
}

void PageNet::copy_page(size_t page) {
    make_room();
    copy_of_[page] = static_cast<uint32_t>(copies_.size());
    copies_.push_back(Copy{page, copies_.size(), false});
    std::memcpy(bytes_of(copies_.back()), reinterpret_cast<const void*>(address_of(page)),
                page_size_);
}

void PageNet::open_page(size_t page) {
    const bool goes_on = page == next_page_;
    at_once_ = goes_on ? std::min(2 * at_once_, kMostAtOnce) : kFewestAtOnce;
    size_t end = page;
    while (end < copy_of_.size() && end - page < at_once_ && copy_of_[end] == kClosed) {
        copy_page(end++);
    }
    next_page_ = end;
    protect(page, end - page, PROT_READ | PROT_WRITE);
}

uint64_t PageNet::end_of_open(uint64_t address) const {
    size_t page = page_of(address);
    const size_t last = page + A2A3_WINDOW / page_size_ + 1;
    while (page < last && page < copy_of_.size() && copy_of_[page] < kNoBuffer) ++page;
    return address_of(page);
}

void PageNet::open_outside(uint64_t address) {
    const size_t page = page_of(address);
    if (page < copy_of_.size() && copy_of_[page] == kClosed) {
        open_page(page);
    } else if (page < copy_of_.size() && copy_of_[page] == kNoBuffer) {
        protect(page, 1, PROT_READ | PROT_WRITE);
    }
}

bool PageNet::open_after_fault(uint64_t address) {
    const size_t page = page_of(address);
    if (page >= copy_of_.size() || copy_of_[page] != kClosed) return false;
    open_page(page);
    return true;
}

uint8_t PageNet::before(uint64_t address) const {
    const uint32_t copy = copy_of_[page_of(address)];
    return bytes_of(copies_[copy])[(address - begin_) % page_size_];
}

void PageNet::end_task() {
    if (closes_ && copies_.size() > kMostOpen) {
        close();
        return;
    }
    for (Copy& copy : copies_) {
        if (!copy.has_changed) continue;
        std::memcpy(bytes_of(copy), reinterpret_cast<const void*>(address_of(copy.page)),
                    page_size_);
        copy.has_changed = false;
    }
}

void PageNet::close() {
    std::sort(copies_.begin(), copies_.end(),
              [](const Copy& a, const Copy& b) { return a.page < b.page; });
    for (size_t i = 0; i < copies_.size();) {
        size_t end = i + 1;
        while (end < copies_.size() && copies_[end].page == copies_[end - 1].page + 1) ++end;
        protect(copies_[i].page, end - i, PROT_READ);
        for (; i < end; ++i) copy_of_[copies_[i].page] = kClosed;
    }
    copies_.clear();
    next_page_ = at_once_ = 0;
}

}  // namespace a2a3sim
