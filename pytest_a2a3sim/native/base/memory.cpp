#include "base/memory.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>

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

/// Asked for huge pages, the system waits for work on all CPUs, some milliseconds if they are busy:
/// as long as so many huge pages take in small ones.
constexpr size_t kWorthHugePages = 4;

}  // namespace

void make_present(char* begin, size_t size) {
#ifdef MADV_POPULATE_WRITE
    madvise(begin, size, MADV_POPULATE_WRITE);  // Linux 5.14
#else
    (void)begin;
    (void)size;
#endif
}

std::unique_ptr<char[]> present_bytes(size_t size) {
    std::unique_ptr<char[]> bytes(new char[size]);
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const auto begin = reinterpret_cast<uintptr_t>(bytes.get());
    const uintptr_t first = round_up(begin, page);
    const uintptr_t end = (begin + size) / page * page;
    if (end > first) make_present(bytes.get() + (first - begin), end - first);
    return bytes;
}

void populate(const SharedRange& memory, size_t size, size_t coming) {
#ifndef MADV_COLLAPSE
    constexpr int MADV_COLLAPSE = 25;  // Linux 6.1
#endif
    const size_t huge = std::min(coming, memory.size) / kHugePage * kHugePage;
    if (huge >= kWorthHugePages * kHugePage) {
        // There is nothing to collapse where no page is.
        for (size_t begin = 0; begin < huge; begin += kHugePage) {
            make_present(memory.begin + begin, 1);
        }
        madvise(memory.begin, huge, MADV_COLLAPSE);
    }
    if (size > 0) make_present(memory.begin, size);  // which is there by now, if it could be
}

size_t address_space(size_t wanted, double share) {
    rlimit limit{};
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
    const size_t used = used_address_space();
    const size_t left = limit.rlim_cur > used ? limit.rlim_cur - used : 0;
    return std::min(wanted, static_cast<size_t>(static_cast<double>(left) * share));
}

}  // namespace a2a3sim
