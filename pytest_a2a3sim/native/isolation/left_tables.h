// The tables of a simulating process, copied and checked.
#pragma once

#include <cstddef>
#include <string>

#include "isolation/outcome.h"

namespace a2a3sim {

/// What was found that cannot be.
class Problems {
  public:
    /// No table can have more bytes: the process has never had so many.
    explicit Problems(size_t most_bytes) : most_bytes_(most_bytes) {}

    size_t most_bytes() const { return most_bytes_; }

    /// Notes what cannot be; true if it can.
    bool check(bool holds, const char* what);

    /// Each once, with commas between them.
    const std::string& text() const { return text_; }

  private:
    const size_t most_bytes_;
    std::string text_;
};

/// Those that every case has. A table that cannot be is left empty.
void read_tables(const CaseDescription& description, const SharedState& shared, Problems& problems,
                 Outcome& out);

/// Those of a sanitized case, and its numbers. `out` has the number of tasks, and the buffers.
void read_sanitizer_tables(const CaseDescription& description, const SharedState& shared,
                           Problems& problems, Outcome& out);

/// Why tasks wait for others, of a case that records it. `out` has the number of tasks.
void read_dependencies(const CaseDescription& description, const SharedState& shared,
                       Problems& problems, Outcome& out);

/// Those of a dumped case. `out` has the number of tasks, and the buffers.
void read_dump_tables(const CaseDescription& description, const SharedState& shared,
                      Problems& problems, Outcome& out);

}  // namespace a2a3sim
