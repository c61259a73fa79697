// Large arrays of NumPy, in memory of which a case can have the same pages instead of a copy.
#pragma once

#include <cstddef>
#include <optional>

namespace a2a3sim {

constexpr size_t kLargeArray = size_t{32} << 20;

/// How many bytes of a large array's last whole pages lie before it: it ends where they do, but for
/// the alignment of a device buffer, which ends there too.
size_t bytes_before_large(size_t size);

/// Where a large array is, and the file that still holds what the array does.
struct ArrayFile {
    char* pages;  // whole ones
    size_t size;  // of these
    int descriptor;
};

/// Has large arrays be made in files in memory, on the calling thread, until close_array_memory().
/// An array is an ordinary one from then on: what is written to it is in no file. Large arrays are
/// where they always are if the system refuses files, or huge pages for them, which come on so many
/// threads.
void open_array_memory(int threads) noexcept;
void close_array_memory() noexcept;

/// The file of an array that has not changed since close_array_memory(), as long as it lives.
std::optional<ArrayFile> find_array_file(const void* data, size_t size) noexcept;

/// Whether the bytes of an array are zero as it was made so in that time, and untouched since;
/// false if that would take to read them.
bool is_array_surely_zero(const void* data, size_t size) noexcept;

/// NumPy's `PyDataMem_Handler` (NumPy's C API, "Memory management") that puts large arrays into
/// that memory, and others where another handler does, which outlives it. nullptr without memory.
void* array_handler(const void* other) noexcept;

}  // namespace a2a3sim
