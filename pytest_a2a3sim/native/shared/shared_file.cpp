#include "shared/shared_file.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "base/memory.h"

namespace a2a3sim {

Descriptor make_memory_file(size_t size, const char* name) {
    // A limit is for files in memory, too: more than that would be a signal.
    rlimit limit{};
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY) {
        throw std::system_error(EFBIG, std::generic_category(), "a file in memory");
    }
    constexpr unsigned kCloseOnExec = 1;  // MFD_CLOEXEC, which old headers lack
    Descriptor file =
        behind_streams(Descriptor(static_cast<int>(syscall(SYS_memfd_create, name, kCloseOnExec))));
    if (!file.is_open() || ftruncate(file.number(), static_cast<off_t>(size)) != 0) {
        throw std::system_error(errno, std::generic_category(), "a file in memory");
    }
    return file;
}

SharedFile::SharedFile() : file_(make_memory_file(0)) {}

SharedFile::SharedFile(Descriptor file, std::vector<size_t> sizes)
    : file_(std::move(file)), is_opened_(true), sizes_(std::move(sizes)) {}

size_t SharedFile::used_bytes() const noexcept {
    constexpr size_t kBlock = 512;  // as stat() counts
    struct stat status{};
    if (fstat(file_.number(), &status) != 0) return SIZE_MAX;
    return static_cast<size_t>(status.st_blocks) * kBlock;
}

void SharedFile::rewind() noexcept {
    sizes_.clear();
    next_ = end_ = 0;
}

bool SharedFile::map(void* address, size_t size) {
    const size_t begin = round_up(end_, size < kHugePage ? 1 : kHugePage);
    const size_t end = begin + size;
    if (!is_opened_ && ftruncate(file_.number(), static_cast<off_t>(end)) != 0) return false;
    if (mmap(address, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE | MAP_FIXED,
             file_.number(), static_cast<off_t>(begin)) == MAP_FAILED) {
        return false;
    }
    if (!is_opened_) sizes_.push_back(size);
    ++next_;
    end_ = end;
    return true;
}

}  // namespace a2a3sim
