// The file that a dump goes to, which its parent reads when the case has ended.
#pragma once

#include <cstddef>
#include <cstdint>

namespace a2a3sim {

/// Writes and reads by position: kernels have the descriptor too, and may move its offset.
class DumpFile {
  public:
    DumpFile(int descriptor, uint64_t limit) : descriptor_(descriptor), limit_(limit) {}

    /// Appends bytes and returns where they begin; -1 if they are beyond the limit, or if the file
    /// could not be written: nothing is appended from then on.
    int64_t append(uintptr_t begin, size_t size);

    /// Whether the file has these bytes there. False also if it cannot be read.
    bool has(int64_t position, uintptr_t begin, size_t size);

    uint64_t end() const { return end_; }
    /// What is behind `end` is given up.
    void shrink(uint64_t end) { end_ = end; }

    bool is_full() const { return full_; }
    /// An errno, or 0.
    int error() const { return error_; }

  private:
    const int descriptor_;
    const uint64_t limit_;
    uint64_t end_ = 0;
    bool full_ = false;
    int error_ = 0;
};

}  // namespace a2a3sim
