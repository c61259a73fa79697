// The sizes that memory comes in.
#pragma once

#include <cstddef>
#include <memory>

namespace a2a3sim {

constexpr size_t kHugePage = size_t{2} << 20;

constexpr size_t round_up(size_t size, size_t unit) { return (size + unit - 1) / unit * unit; }

/// A mapping of shared memory; huge pages begin where multiples of their size do in it, and there
/// only if it begins at such an address itself.
struct SharedRange {
    char* begin;
    size_t size;
};

/// Makes whole pages present, all at once: a page fault each takes several times as long. Changes
/// no byte.
void make_present(char* begin, size_t size);

/// Not zeroed, but present. Throws std::bad_alloc.
std::unique_ptr<char[]> present_bytes(size_t size);

/// Makes the first bytes present, so that no page fault interrupts whoever writes them, and of the
/// `coming` first ones those that huge pages hold: these cost the system a tenth of small ones, and
/// it gives shared memory none by itself. Changes no byte.
void populate(const SharedRange& memory, size_t size, size_t coming);

/// Makes everything present, in huge pages where the system grants them: who waits for that may
/// wait for all CPUs. Changes no byte.
void fill_with_huge_pages(const SharedRange& memory);

/// populate() by several threads, and of everything that huge pages hold. False: the system has not
/// granted them all.
bool populate_huge(const SharedRange& memory, int threads);

/// memcpy() and memset() by several threads, each of which takes pieces.
void copy_on_threads(void* to, const void* from, size_t size, int threads);
void fill_on_threads(void* to, int byte, size_t size, int threads);

/// Copies to memory that is zero; what is zero needs no memory there. Several threads take pieces.
/// Returns whether everything is zero.
bool copy_to_zeros(char* to, const char* from, size_t size, int threads);

/// Whether `ulimit -v` or `ulimit -d` limits the process.
bool are_addresses_scarce();

/// How many of `wanted` addresses to reserve: all of them, but where `ulimit -v` limits the
/// process, at most this share of those that are left.
size_t address_space(size_t wanted, double share);

}  // namespace a2a3sim
