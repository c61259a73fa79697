// Memory that processes share by a descriptor: one that is not forked from the other maps it too.
#pragma once

#include <cstddef>
#include <vector>

#include "base/descriptor.h"

namespace a2a3sim {

/// A file without a name, only in memory. Whoever makes it claims one part after the other; the
/// other process opens the same parts in the same order.
class SharedFile {
  public:
    /// An empty one. Throws std::system_error.
    SharedFile();
    /// One that another process has filled with parts of these sizes.
    SharedFile(Descriptor file, std::vector<size_t> sizes);

    /// Whether another process has made it.
    bool is_opened() const noexcept { return is_opened_; }
    int descriptor() const noexcept { return file_.number(); }
    const std::vector<size_t>& sizes() const noexcept { return sizes_; }

    /// The size of the next part, of which the other process has claimed so much.
    size_t next_size() const { return sizes_.at(next_); }

    /// Bytes that it takes, of whatever size its parts are; SIZE_MAX if nobody can tell.
    size_t used_bytes() const noexcept;

    /// Has parts be claimed anew, which hold what the earlier ones held.
    void rewind() noexcept;

    /// Maps the next part over [address, address + size). False, with errno, if that is impossible.
    bool map(void* address, size_t size);

  private:
    Descriptor file_;
    bool is_opened_ = false;
    std::vector<size_t> sizes_;
    size_t next_ = 0;
    size_t end_ = 0;
};

/// As /proc/self/maps shows it, behind `/memfd:`.
constexpr const char* kMemoryFileName = "a2a3sim";

/// Such a file of so many bytes, all zero. Throws std::system_error.
Descriptor make_memory_file(size_t size, const char* name = kMemoryFileName);

}  // namespace a2a3sim
