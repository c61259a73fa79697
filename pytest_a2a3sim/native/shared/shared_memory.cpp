#include "shared/shared_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "base/memory.h"

namespace a2a3sim {

namespace {

/// Whole pages on every machine, 64 KiB ones too.
constexpr size_t kGuardSize = size_t{64} << 10;

constexpr size_t whole_pages(size_t size) { return round_up(size, kGuardSize); }

/// With what lies on both sides.
constexpr size_t reserved_size(size_t size) {
    return size + 2 * kGuardSize + (size < kHugePage ? 0 : kHugePage);
}

}  // namespace

SharedMemory::SharedMemory(size_t size, size_t smallest, SharedFile* file)
    : size_(file != nullptr && file->is_opened() ? file->next_size()
                                                 : whole_pages(std::max(size, smallest))) {
    const size_t least = file != nullptr && file->is_opened() ? size_ : whole_pages(smallest);
    while (!map(file)) {
        if (size_ == least) {
            throw std::system_error(errno, std::generic_category(), "shared memory for a case");
        }
        size_ = std::max(whole_pages(size_ / 2), least);
    }
}

bool SharedMemory::map(SharedFile* file) {
    reserved_ = mmap(nullptr, reserved_size(size_), PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reserved_ == MAP_FAILED) return false;
    const uintptr_t least = reinterpret_cast<uintptr_t>(reserved_) + kGuardSize;
    data_ = reinterpret_cast<void*>(size_ < kHugePage ? least : round_up(least, kHugePage));
    const bool is_mapped =
        file != nullptr
            ? file->map(data_, size_)
            : mmap(data_, size_, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) != MAP_FAILED;
    if (is_mapped) return true;
    const int error = errno;
    munmap(reserved_, reserved_size(size_));
    errno = error;
    return false;
}

SharedMemory::~SharedMemory() {
    if (hidden_by_ == 0 || hidden_by_ == getpid()) munmap(reserved_, reserved_size(size_));
}

void SharedMemory::populate(size_t size, size_t coming) const {
    a2a3sim::populate({static_cast<char*>(data_), size_}, size, coming);
}

void SharedMemory::set_writable(bool writable) const noexcept {
    mprotect(data_, size_, writable ? PROT_READ | PROT_WRITE : PROT_READ);
}

void SharedMemory::hide_from_children() const {
    hidden_by_ = getpid();
    madvise(data_, size_, MADV_DONTFORK);
}

}  // namespace a2a3sim
