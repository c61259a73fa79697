#include "executor/waits.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <condition_variable>
#include <cstring>

#include "executor/gang.h"
#include "faults/imports.h"

namespace a2a3sim {

namespace {

/// Without the mutex, which others may need; false if the caller has to wait by itself.
template <typename Mutex, typename Lock, typename Unlock>
bool let_others_run(Mutex& mutex, Lock lock, Unlock unlock) {
    Gang* const gang = Gang::current();
    if (gang == nullptr) return false;
    unlock(mutex);
    const bool passed = gang->pass_turn(true);
    lock(mutex);
    return passed;
}

bool let_others_run(pthread_mutex_t* mutex) {
    return let_others_run(
        *mutex, [](pthread_mutex_t& m) { pthread_mutex_lock(&m); },
        [](pthread_mutex_t& m) { pthread_mutex_unlock(&m); });
}

void note_change() {
    if (Gang* const gang = Gang::current(); gang != nullptr) gang->note_change();
}

using Lock = std::unique_lock<std::mutex>;

void wait(std::condition_variable* condition, Lock& lock) {
    if (!let_others_run(lock, [](Lock& l) { l.lock(); }, [](Lock& l) { l.unlock(); })) {
        condition->wait(lock);
    }
}

void notify_one(std::condition_variable* condition) noexcept {
    note_change();
    condition->notify_one();
}

void notify_all(std::condition_variable* condition) noexcept {
    note_change();
    condition->notify_all();
}

int cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
    return let_others_run(mutex) ? 0 : pthread_cond_wait(condition, mutex);
}

int cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until) {
    return let_others_run(mutex) ? 0 : pthread_cond_timedwait(condition, mutex, until);
}

#if defined(__GLIBC__)
int cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                   const timespec* until) {
    return let_others_run(mutex) ? 0 : pthread_cond_clockwait(condition, mutex, clock, until);
}
#endif

int cond_signal(pthread_cond_t* condition) {
    note_change();
    return pthread_cond_signal(condition);
}

int cond_broadcast(pthread_cond_t* condition) {
    note_change();
    return pthread_cond_broadcast(condition);
}

bool pass_turn() {
    Gang* const gang = Gang::current();
    return gang != nullptr && gang->pass_turn(false);
}

int yield() { return pass_turn() ? 0 : sched_yield(); }

int sleep_nanoseconds(const timespec* time, timespec* left) {
    return pass_turn() ? 0 : nanosleep(time, left);
}

int sleep_by_clock(clockid_t clock, int flags, const timespec* time, timespec* left) {
    return pass_turn() ? 0 : clock_nanosleep(clock, flags, time, left);
}

int sleep_microseconds(useconds_t time) { return pass_turn() ? 0 : usleep(time); }

struct Replacement {
    const char* name;
    void* function;
};

template <typename Function>
void* address_of(Function* function) {
    return reinterpret_cast<void*>(function);
}

const Replacement kReplacements[] = {
    {"_ZNSt18condition_variable4waitERSt11unique_lockISt5mutexE", address_of(wait)},
    {"_ZNSt18condition_variable10notify_oneEv", address_of(notify_one)},
    {"_ZNSt18condition_variable10notify_allEv", address_of(notify_all)},
    {"pthread_cond_wait", address_of(cond_wait)},
    {"pthread_cond_timedwait", address_of(cond_timedwait)},
#if defined(__GLIBC__)
    {"pthread_cond_clockwait", address_of(cond_clockwait)},
#endif
    {"pthread_cond_signal", address_of(cond_signal)},
    {"pthread_cond_broadcast", address_of(cond_broadcast)},
    {"sched_yield", address_of(yield)},
    {"nanosleep", address_of(sleep_nanoseconds)},
    {"clock_nanosleep", address_of(sleep_by_clock)},
    {"usleep", address_of(sleep_microseconds)},
};

}  // namespace

void let_others_run_at_waits(void* handle) {
    for_each_import(handle, [&](const char* name, void** slot) {
        for (const Replacement& replacement : kReplacements) {
            if (std::strcmp(name, replacement.name) == 0) {
                set_import(handle, slot, replacement.function);
            }
        }
    });
}

}  // namespace a2a3sim
