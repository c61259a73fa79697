#include "faults/fatal_signals.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "faults/imports.h"

namespace a2a3sim {

namespace {

constexpr int kFatalSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};

using Handler = void (*)(int);

struct sigaction installed_action{};

bool is_caught(int signal_number) {
    return std::find(std::begin(kFatalSignals), std::end(kFatalSignals), signal_number) !=
           std::end(kFatalSignals);
}

bool leaves_it_to_the_system(const struct sigaction& action) {
    return (action.sa_flags & SA_SIGINFO) == 0 &&
           (action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN);
}

int set_mask(int how, const sigset_t* set, sigset_t* previous) {
    if (set == nullptr || how == SIG_UNBLOCK) return pthread_sigmask(how, set, previous);
    sigset_t allowed = *set;
    for (const int signal_number : kFatalSignals) sigdelset(&allowed, signal_number);
    return pthread_sigmask(how, &allowed, previous);
}

int set_mask_of_process(int how, const sigset_t* set, sigset_t* previous) {
    const int error = set_mask(how, set, previous);
    if (error == 0) return 0;
    errno = error;
    return -1;
}

int set_action(int signal_number, const struct sigaction* action, struct sigaction* previous) {
    if (!is_caught(signal_number)) return sigaction(signal_number, action, previous);
    struct sigaction before{};
    const bool is_default = action != nullptr && leaves_it_to_the_system(*action);
    const int result = sigaction(signal_number, is_default ? &installed_action : action, &before);
    if (result != 0 || previous == nullptr) return result;
    *previous = before;
    if (before.sa_sigaction == installed_action.sa_sigaction) {
        previous->sa_flags = 0;
        previous->sa_handler = SIG_DFL;
    }
    return 0;
}

Handler set_handler(int signal_number, Handler handler) {
    if (!is_caught(signal_number)) return signal(signal_number, handler);
    struct sigaction action{};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    struct sigaction previous{};
    return set_action(signal_number, &action, &previous) == 0 ? previous.sa_handler : SIG_ERR;
}

struct Replacement {
    const char* name;
    void* function;
};

const Replacement kReplacements[] = {{"sigprocmask", reinterpret_cast<void*>(set_mask_of_process)},
                                     {"pthread_sigmask", reinterpret_cast<void*>(set_mask)},
                                     {"sigaction", reinterpret_cast<void*>(set_action)},
                                     {"signal", reinterpret_cast<void*>(set_handler)},
                                     {"bsd_signal", reinterpret_cast<void*>(set_handler)}};

/// As catch_fatal_signals() left them, where they were ignored or blocked since.
void reclaim() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal_number : kFatalSignals) {
        sigaddset(&set, signal_number);
        struct sigaction now{};
        sigaction(signal_number, nullptr, &now);
        if (leaves_it_to_the_system(now)) sigaction(signal_number, &installed_action, nullptr);
    }
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace

void catch_fatal_signals(const struct sigaction& action) {
    installed_action = action;
    for (const int signal_number : kFatalSignals) sigaction(signal_number, &action, nullptr);
}

void keep_fatal_signals(void* handle) {
    if (installed_action.sa_sigaction == nullptr) return;
    bool found = false;
    for_each_import(handle, [&](const char* name, void** slot) {
        for (const Replacement& replacement : kReplacements) {
            if (std::strcmp(name, replacement.name) != 0) continue;
            set_import(handle, slot, replacement.function);
            found = true;
        }
    });
    if (found) reclaim();
}

}  // namespace a2a3sim
