// Large arrays of NumPy, in memory of which a case can have the same pages instead of a copy.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/descriptor.h"

namespace a2a3sim {

constexpr size_t kLargeArray = size_t{32} << 20;

/// How many bytes of a large array's whole pages lie before it: it ends where they do, but for the
/// alignment of a device buffer, which ends there too.
size_t bytes_before_large(size_t size);

/// Where a large array is, and the file that still holds what the array does.
struct ArrayFile {
    char* pages;      // whole ones
    size_t size;      // of these
    Descriptor file;  // the caller's own: another thread may open the memory anew
};

/// Files in memory that large arrays are made in while it is open, each a file of its own. Once it
/// is closed, an array is an ordinary one: what is written to it is in no file. A fork makes it one
/// earlier. Files are open until the memory is opened anew. While it is open, memory of arrays that
/// are freed is kept for others of their size: most inputs are made in steps.
class ArrayMemory {
  public:
    static ArrayMemory& instance();

    /// `threads`: that huge pages come on.
    void open(int threads);
    void close();

    /// nullptr: it is not open, or the system refuses files, or huge pages for them.
    void* allocate(size_t size);
    /// False: it is not from here.
    bool free(void* data);

    /// Memory from elsewhere, whose pages have not been touched since it was made zero.
    void note_zeros(void* data, size_t size);

    /// The size of an array from here, else 0. Its bytes are about to be elsewhere.
    size_t size_before_change(void* data);

    /// The open file of an array that has not changed since close().
    std::optional<ArrayFile> file_of(const void* data, size_t size);

    /// Whether an array is still zero, as it was noted; false if that would take to read it.
    bool is_surely_zero(const void* data, size_t size);

  private:
    struct Place;
    using Lock = std::lock_guard<std::mutex>;

    ArrayMemory();

    void make_private() noexcept;
    std::unique_ptr<Place> make_place(size_t size);
    void add_spare(std::unique_ptr<Place> place) noexcept;
    void drop_oldest_spare() noexcept;
    void drop_spares() noexcept;

    const size_t most_;  // bytes
    std::mutex mutex_;
    int open_ = 0;
    int threads_ = 1;
    bool is_refused_ = false;
    size_t used_ = 0;
    size_t files_ = 0;  // that are open
    std::unordered_map<void*, std::unique_ptr<Place>> places_;
    std::vector<std::unique_ptr<Place>> spares_;  // used, and with files, but of no array
    std::unordered_map<void*, size_t> zeros_;
};

}  // namespace a2a3sim
