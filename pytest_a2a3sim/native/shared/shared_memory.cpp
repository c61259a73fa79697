#include "shared/shared_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace a2a3sim {

SharedMemory::SharedMemory(size_t size, size_t smallest) : size_(size) {
    for (;;) {
        data_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (data_ != MAP_FAILED) return;
        if (size_ == smallest) break;
        size_ = std::max(size_ / 2, smallest);
    }
    throw std::system_error(errno, std::generic_category(), "shared memory for a case");
}

SharedMemory::~SharedMemory() { munmap(data_, size_); }

void SharedMemory::populate(size_t size) const {
#ifdef MADV_POPULATE_WRITE
    madvise(data_, size, MADV_POPULATE_WRITE);  // where the kernel has it: Linux 5.14
#else
    (void)size;
#endif
}

void SharedMemory::hide_from_children() const { madvise(data_, size_, MADV_DONTFORK); }

}  // namespace a2a3sim
