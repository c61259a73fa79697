// How a stage of the engine says that the case failed, and the texts that it says it with.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

/// printf() into a std::string.
[[gnu::format(printf, 1, 2)]] inline std::string format(const char* pattern, ...) {
    va_list values;
    va_start(values, pattern);
    va_list again;
    va_copy(again, values);
    const int length = std::vsnprintf(nullptr, 0, pattern, values);
    va_end(values);
    std::string text(length > 0 ? static_cast<size_t>(length) : 0, '\0');
    std::vsnprintf(text.data(), text.size() + 1, pattern, again);
    va_end(again);
    return text;
}

/// What EAGAIN of fork() and pthread_create() means, to follow what cannot be started.
constexpr const char* kNoMoreProcesses =
    "the limit of processes and threads is used up (`ulimit -u`, pids.max of a container)";

class CaseFailure : public std::runtime_error {
  public:
    CaseFailure(a2a3_failure failure, const std::string& message, int task = -1, int kernel = -1)
        : std::runtime_error(message), kind(failure), task_id(task), func_id(kernel) {}

    a2a3_failure kind;
    int task_id;
    int func_id;
};

/// Thrown to end a case whose ending is complete.
struct CaseAlreadyFailed : std::exception {};

}  // namespace a2a3sim
