#include "base/memory.h"

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

}  // namespace

size_t address_space(size_t wanted, double share) {
    rlimit limit{};
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
    const size_t used = used_address_space();
    const size_t left = limit.rlim_cur > used ? limit.rlim_cur - used : 0;
    return std::min(wanted, static_cast<size_t>(static_cast<double>(left) * share));
}

}  // namespace a2a3sim
