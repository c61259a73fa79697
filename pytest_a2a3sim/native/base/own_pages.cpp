#include "base/own_pages.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "base/descriptor.h"

namespace a2a3sim {

namespace {

// Linux' Documentation/admin-guide/mm/pagemap.rst
constexpr uint64_t kPresent = uint64_t{1} << 63;
constexpr uint64_t kSwapped = uint64_t{1} << 62;
constexpr uint64_t kOfFile = uint64_t{1} << 61;

/// Whether `is_meant` is true for the entry of a page, or nobody can tell.
template <typename IsMeant>
bool may_have_page(const void* begin, size_t size, IsMeant is_meant) noexcept {
    const Descriptor file(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return true;
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const auto address = reinterpret_cast<uintptr_t>(begin);
    const size_t end = (address + size + page - 1) / page;
    constexpr size_t kEntries = 4096;
    uint64_t entries[kEntries];
    for (size_t next = address / page; next < end;) {
        const size_t count = std::min(kEntries, end - next);
        const ssize_t got = pread(file.number(), entries, count * sizeof *entries,
                                  static_cast<off_t>(next * sizeof *entries));
        if (got < static_cast<ssize_t>(sizeof *entries)) return true;
        const size_t known = static_cast<size_t>(got) / sizeof *entries;
        if (std::any_of(entries, entries + known, is_meant)) return true;
        next += known;
    }
    return false;
}

}  // namespace

bool may_have_own_pages(const void* begin, size_t size) noexcept {
    return may_have_page(begin, size, [](uint64_t entry) {
        return (entry & kSwapped) != 0 || ((entry & kPresent) != 0 && (entry & kOfFile) == 0);
    });
}

bool may_have_touched(const void* begin, size_t size) noexcept {
    return may_have_page(begin, size,
                         [](uint64_t entry) { return (entry & (kPresent | kSwapped)) != 0; });
}

}  // namespace a2a3sim
