#include "faults/process_state.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "faults/imports.h"

namespace a2a3sim {

namespace {

constexpr const char* kChanging[] = {
    "signal", "sigaction", "sigprocmask", "pthread_sigmask", "sigset", "bsd_signal", "siginterrupt",
    "chdir",  "fchdir",    "setenv",      "unsetenv",        "putenv", "clearenv"};

bool is_changing(const char* name) {
    return std::any_of(std::begin(kChanging), std::end(kChanging),
                       [=](const char* changing) { return std::strcmp(name, changing) == 0; });
}

std::vector<std::string> environment() {
    std::vector<std::string> entries;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        entries.emplace_back(*entry);
    }
    return entries;
}

}  // namespace

ProcessState::ProcessState()
    : directory_(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)), environment_(environment()) {
    for (int i = 1; i < NSIG; ++i) sigaction(i, nullptr, &actions_[i]);
    pthread_sigmask(SIG_SETMASK, nullptr, &mask_);
}

ProcessState::~ProcessState() {
    if (directory_ >= 0) close(directory_);
}

void ProcessState::restore() const {
    for (int i = 1; i < NSIG; ++i) sigaction(i, &actions_[i], nullptr);
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
    [[maybe_unused]] const int changed = directory_ < 0 ? -1 : fchdir(directory_);
    if (environment() == environment_) return;
    clearenv();
    for (const std::string& entry : environment_) {
        const size_t equals = entry.find('=');
        if (equals == std::string::npos) continue;
        setenv(entry.substr(0, equals).c_str(), entry.c_str() + equals + 1, 1);
    }
}

bool changes_process_state(void* handle) {
    bool changes = false;
    const bool known = for_each_import(
        handle, [&](const char* name, void**) { changes = changes || is_changing(name); });
    return changes || !known;
}

}  // namespace a2a3sim
