// A case as bytes, for a process that is not forked from the one that describes it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "isolation/case_description.h"

namespace a2a3sim {

/// Whether a message has all that the case needs.
bool fits_message(const CaseDescription& description);

/// What a process needs to simulate a case, besides descriptors.
struct CaseMessage {
    CaseDescription description;  // but for its window
    HostWindow::Place window;
    std::vector<size_t> shared_sizes;     // of the parts of the shared state
    std::vector<size_t> recording_sizes;  // of the recording, which is one part
    std::string locale;
    mode_t umask;
};

std::string encode(const CaseMessage& message);

/// Throws std::invalid_argument for bytes that are no message.
CaseMessage decode(const std::string& bytes);

}  // namespace a2a3sim
