#include "executor/gang.h"

#include <pthread.h>
#include <unistd.h>

#include "executor/task_observer.h"

namespace a2a3sim {

namespace {

struct Membership {
    Gang* gang;
    int member;
};

thread_local Membership tls_membership{nullptr, 0};

int64_t nanoseconds(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Gang* Gang::current() { return tls_membership.gang; }

void Gang::run(Members members, const Execute& execute) {
    std::unique_lock<std::mutex> lock(mutex_);
    members_ = members;
    execute_ = &execute;
    started_ = finished_ = idle_turns_ = 0;
    is_open_ = members.open;
    memory_.clear();
    if (is_open_) call_helpers(members.count - 1);
    work(lock, owner_);
    ended_.wait(lock, [&] { return finished_ == members_.count; });
    execute_ = nullptr;
    turn_ = kNobody;
    calls_ = 0;
}

void Gang::work(std::unique_lock<std::mutex>& lock, int thread) {
    while (started_ < members_.count) {
        const int member = (members_.first_turn + started_++) % members_.count;
        idle_turns_ = 0;
        note_turn(member);
        lock.unlock();
        tls_membership = {this, member};
        const bool succeeded = (*execute_)(task_of(member), thread);
        tls_membership = {nullptr, 0};
        lock.lock();
        ++finished_;
        idle_turns_ = 0;
        if (succeeded) continue;
        if (finished_ < started_) _exit(1);
        finished_ = started_ = members_.count;
    }
    if (!is_open_ && !paused_.empty()) {
        const int next = paused_.front();
        paused_.pop_front();
        give_turn(next);
    }
    if (finished_ == members_.count) ended_.notify_all();
}

void Gang::help(int thread) {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
        called_.wait(lock, [&] { return calls_ > 0 || is_over_; });
        if (is_over_) return;
        --calls_;
        work(lock, thread);
    }
}

void Gang::dismiss_helpers() {
    const std::scoped_lock lock(mutex_);
    is_over_ = true;
    called_.notify_all();
}

void Gang::call_helpers(int count) {
    calls_ += count;
    called_.notify_all();
}

void Gang::note_turn(int member) {
    turn_ = member;
    ++turns_;
    pthread_getcpuclockid(pthread_self(), &clock_);
}

void Gang::give_turn(int member) {
    turn_ = member;
    turned_.notify_all();
}

void Gang::open() {
    is_open_ = true;
    paused_.clear();
    turned_.notify_all();
    call_helpers(members_.count - started_);
}

bool Gang::pass_turn(bool is_woken_up) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (is_open_) return false;
    // Once each of them has looked again in vain, a wait is for what no member does.
    if (is_woken_up && ++idle_turns_ > members_.count) {
        if (observer_ == nullptr) open();
        return false;
    }
    const int self = tls_membership.member;
    note_exchange();
    const bool is_alone = started_ == members_.count && paused_.empty();
    if (observer_ != nullptr && !is_alone) observer_->pause_task(task_of(self));
    if (started_ < members_.count) {
        paused_.push_back(self);
        turn_ = kNobody;
        call_helpers(1);
    } else if (!paused_.empty()) {
        const int next = paused_.front();
        paused_.pop_front();
        paused_.push_back(self);
        give_turn(next);
    } else {
        return false;
    }
    turned_.wait(lock, [&] { return turn_ == self || is_open_; });
    if (!is_open_) note_turn(self);
    if (observer_ != nullptr) observer_->resume_task(task_of(self));
    return true;
}

void Gang::note_change() {
    const std::scoped_lock lock(mutex_);
    idle_turns_ = 0;
    note_exchange();
}

void Gang::note_exchange() {
    if (observer_ != nullptr) observer_->note_exchange(task_of(tls_membership.member));
}

int32_t Gang::open_if_stuck() {
    constexpr int64_t kMostCpu = 50'000'000;
    constexpr int64_t kMostSleep = 500'000'000;
    constexpr int64_t kNoCpu = 1'000'000;  // in that time, on however busy a machine
    const std::scoped_lock lock(mutex_);
    if (is_open_ || turn_ == kNobody || members_.count - finished_ < 2) return -1;
    const int64_t wall = nanoseconds(CLOCK_MONOTONIC);
    const int64_t cpu = nanoseconds(clock_);
    if (watched_.number != turns_) {
        watched_ = {turns_, wall, cpu};
        return -1;
    }
    const int64_t used = cpu - watched_.cpu;
    const bool sleeps = wall - watched_.wall >= kMostSleep && used < kNoCpu;
    if (used < kMostCpu && !sleeps) return -1;
    open();
    return task_of(turn_);
}

void* Gang::shared_memory(MemoryKey key, size_t size) {
    const std::scoped_lock lock(mutex_);
    note_exchange();
    std::unique_ptr<char[]>& memory = memory_[key];
    if (memory == nullptr) memory.reset(new char[size]());
    return memory.get();
}

}  // namespace a2a3sim
