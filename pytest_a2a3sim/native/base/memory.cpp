#include "base/memory.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "base/threads.h"

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

/// What `ulimit -v` says, in bytes; RLIM_INFINITY: nothing.
rlim_t limit_of_addresses() {
    rlimit limit{};
    return getrlimit(RLIMIT_AS, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
}

constexpr size_t kPiece = 16 * kHugePage;  // that a thread takes at a time
constexpr size_t kBlock = size_t{64} << 10;

template <typename Action>
void for_each_piece(size_t size, int threads, Action action) {
    const size_t pieces = (size + kPiece - 1) / kPiece;
    // A thread takes some 70 MiB of addresses for its stack and its heap.
    if (pieces <= 1 || are_addresses_scarce()) {
        action(size_t{0}, size);
        return;
    }
    std::atomic<size_t> next{0};
    run_on_threads(std::min(pieces, static_cast<size_t>(std::max(threads, 1))), [&] {
        for (size_t piece = next++; piece < pieces; piece = next++) {
            action(piece * kPiece, std::min(kPiece, size - piece * kPiece));
        }
    });
}

enum class Pages { kOwn, kShared };

/// What one of the processes that share memory has written is there already, and the system maps
/// many such pages at a time for who reads; they can be written to as well.
void make_present(char* begin, size_t size, Pages pages) {
#ifdef MADV_POPULATE_WRITE
    madvise(begin, size,  // Linux 5.14
            pages == Pages::kShared ? MADV_POPULATE_READ : MADV_POPULATE_WRITE);
#else
    (void)begin;
    (void)size;
    (void)pages;
#endif
}

/// Has memory that processes share be in huge pages, of whose size it is a multiple. False: not all
/// of it is.
bool collapse(char* begin, size_t size) {
#ifndef MADV_COLLAPSE
    constexpr int MADV_COLLAPSE = 25;  // Linux 6.1
#endif
    // There is nothing to collapse where no page is.
    for (size_t at = 0; at < size; at += kHugePage) make_present(begin + at, 1, Pages::kShared);
    return madvise(begin, size, MADV_COLLAPSE) == 0;
}

bool is_zero(const char* bytes, size_t size) {
    return size == 0 || (bytes[0] == 0 && std::memcmp(bytes, bytes + 1, size - 1) == 0);
}

}  // namespace

void make_present(char* begin, size_t size) { make_present(begin, size, Pages::kOwn); }

std::unique_ptr<char[]> present_bytes(size_t size) {
    std::unique_ptr<char[]> bytes(new char[size]);
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const auto begin = reinterpret_cast<uintptr_t>(bytes.get());
    const uintptr_t first = round_up(begin, page);
    const uintptr_t end = (begin + size) / page * page;
    if (end > first) make_present(bytes.get() + (first - begin), end - first);
    return bytes;
}

void fill_with_huge_pages(const SharedRange& memory) {
    collapse(memory.begin, memory.size / kHugePage * kHugePage);
    make_present(memory.begin, memory.size, Pages::kShared);  // which is there, if it could be
}

void populate(const SharedRange& memory, size_t size, size_t coming) {
    const size_t huge = std::min(coming, memory.size) / kHugePage * kHugePage;
    if (huge >= kWorthHugePages * kHugePage) collapse(memory.begin, huge);
    if (size > 0) make_present(memory.begin, size, Pages::kShared);  // as above
}

bool populate_huge(const SharedRange& memory, int threads) {
    std::atomic<bool> are_granted{true};
    for_each_piece(memory.size, threads, [&](size_t begin, size_t size) {
        const size_t huge = size / kHugePage * kHugePage;
        if (huge < kWorthHugePages * kHugePage) return;
        if (!collapse(memory.begin + begin, huge)) are_granted = false;
    });
    return are_granted;
}

void copy_on_threads(void* to, const void* from, size_t size, int threads) {
    for_each_piece(size, threads, [&](size_t begin, size_t length) {
        std::memcpy(static_cast<char*>(to) + begin, static_cast<const char*>(from) + begin, length);
    });
}

void fill_on_threads(void* to, int byte, size_t size, int threads) {
    for_each_piece(size, threads, [&](size_t begin, size_t length) {
        std::memset(static_cast<char*>(to) + begin, byte, length);
    });
}

bool copy_to_zeros(char* to, const char* from, size_t size, int threads) {
    std::atomic<bool> is_all_zero{true};
    for_each_piece(size, threads, [&](size_t begin, size_t length) {
        for (size_t at = begin; at < begin + length; at += kBlock) {
            const size_t bytes = std::min(kBlock, begin + length - at);
            if (is_zero(from + at, bytes)) continue;
            std::memcpy(to + at, from + at, bytes);
            is_all_zero.store(false, std::memory_order_relaxed);
        }
    });
    return is_all_zero;
}

bool are_addresses_scarce() {
    rlimit data{};
    return limit_of_addresses() != RLIM_INFINITY ||
           (getrlimit(RLIMIT_DATA, &data) == 0 && data.rlim_cur != RLIM_INFINITY);
}

size_t address_space(size_t wanted, double share) {
    const rlim_t limit = limit_of_addresses();
    if (limit == RLIM_INFINITY) return wanted;
    const size_t used = used_address_space();
    const size_t left = limit > used ? limit - used : 0;
    return std::min(wanted, static_cast<size_t>(static_cast<double>(left) * share));
}

}  // namespace a2a3sim
