#include "shared/shared_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace a2a3sim {

namespace {

/// Whole pages on every machine, 64 KiB ones too.
constexpr size_t kGuardSize = size_t{64} << 10;

constexpr size_t whole_pages(size_t size) {
    return (size + kGuardSize - 1) / kGuardSize * kGuardSize;
}

}  // namespace

SharedMemory::SharedMemory(size_t size, size_t smallest)
    : size_(whole_pages(std::max(size, smallest))) {
    const size_t least = whole_pages(smallest);
    while (!map()) {
        if (size_ == least) {
            throw std::system_error(errno, std::generic_category(), "shared memory for a case");
        }
        size_ = std::max(whole_pages(size_ / 2), least);
    }
}

bool SharedMemory::map() {
    const size_t reserved = size_ + 2 * kGuardSize;
    void* const range =
        mmap(nullptr, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) return false;
    data_ = static_cast<char*>(range) + kGuardSize;
    if (mmap(data_, size_, PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED) {
        return true;
    }
    const int error = errno;
    munmap(range, reserved);
    errno = error;
    return false;
}

SharedMemory::~SharedMemory() {
    munmap(static_cast<char*>(data_) - kGuardSize, size_ + 2 * kGuardSize);
}

void SharedMemory::populate(size_t size) const {
#ifdef MADV_POPULATE_WRITE
    madvise(data_, size, MADV_POPULATE_WRITE);  // where the kernel has it: Linux 5.14
#else
    (void)size;
#endif
}

void SharedMemory::set_writable(bool writable) const noexcept {
    mprotect(data_, size_, writable ? PROT_READ | PROT_WRITE : PROT_READ);
}

void SharedMemory::hide_from_children() const { madvise(data_, size_, MADV_DONTFORK); }

}  // namespace a2a3sim
