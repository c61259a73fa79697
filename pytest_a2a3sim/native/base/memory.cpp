#include "base/memory.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace a2a3sim {

namespace {

/// Addresses that this process has mapped, in bytes.
size_t used_address_space() {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/proc/self/statm", "re"),
                                                     std::fclose);
    unsigned long pages = 0;
    if (file == nullptr || std::fscanf(file.get(), "%lu", &pages) != 1) return 0;
    return pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

/// A huge page takes the system as long as so much in small ones, or less.
constexpr size_t kWorthHugePage = size_t{512} << 10;

bool populate_small(char* begin, size_t size) {
#ifdef MADV_POPULATE_WRITE
    return madvise(begin, size, MADV_POPULATE_WRITE) == 0;  // Linux 5.14
#else
    (void)begin;
    (void)size;
    return false;
#endif
}

/// Shared memory, which the system does not give huge pages by itself.
bool populate_huge(char* begin) {
#ifndef MADV_COLLAPSE
    constexpr int MADV_COLLAPSE = 25;  // Linux 6.1
#endif
    // There is nothing to collapse where no page is.
    return populate_small(begin, 1) && madvise(begin, kHugePage, MADV_COLLAPSE) == 0;
}

}  // namespace

void populate(const SharedRange& memory, size_t size, size_t coming) {
    for (size_t begin = 0; begin < coming; begin += kHugePage) {
        char* const page = memory.begin + begin;
        const bool is_worth_it = coming - begin >= kWorthHugePage;
        if (is_worth_it && memory.size - begin >= kHugePage && populate_huge(page)) continue;
        if (begin < size) populate_small(page, std::min(size - begin, kHugePage));
    }
}

size_t address_space(size_t wanted, double share) {
    rlimit limit{};
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
    const size_t used = used_address_space();
    const size_t left = limit.rlim_cur > used ? limit.rlim_cur - used : 0;
    return std::min(wanted, static_cast<size_t>(static_cast<double>(left) * share));
}

}  // namespace a2a3sim
