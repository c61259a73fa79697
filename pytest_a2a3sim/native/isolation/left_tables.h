// The tables of a simulating process, copied and checked.
#pragma once

#include <string>

#include "isolation/outcome.h"

namespace a2a3sim {

/// What was found that cannot be.
class Problems {
  public:
    /// Notes what cannot be; true if it can.
    bool check(bool holds, const char* what);

    /// Each once, with commas between them.
    const std::string& text() const { return text_; }

  private:
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
