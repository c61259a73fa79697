// How a stage of the engine says that the case failed.
#pragma once

#include <stdexcept>
#include <string>

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

class CaseFailure : public std::runtime_error {
  public:
    CaseFailure(a2a3_failure kind, const std::string& message, int task_id = -1, int func_id = -1)
        : std::runtime_error(message), kind(kind), task_id(task_id), func_id(func_id) {}

    a2a3_failure kind;
    int task_id;
    int func_id;
};

/// Thrown to end a case whose ending is complete.
struct CaseAlreadyReported {};

}  // namespace a2a3sim
