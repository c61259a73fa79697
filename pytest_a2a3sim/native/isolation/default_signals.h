// Signals as a program finds them at its start.
#pragma once

#include <signal.h>

namespace a2a3sim {

/// Nothing handles, ignores or blocks them.
inline void restore_default_signals() noexcept {
    for (int signal_number = 1; signal_number < NSIG; ++signal_number) {
        signal(signal_number, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace a2a3sim
