// Tasks that start together: the kernels of one task of a cluster, which may wait for one another.
//
// One member runs at a time, until it ends or says that it waits: then it is another's turn, so
// that a run is the same each time, on one CPU too. Threads are only needed once a member waits. A
// member that waits without a word, in a loop that reads memory, is known by the time that it
// takes; the gang is then opened: all its members run at one time, as the system has it.
#pragma once

#include <time.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace a2a3sim {

class TaskObserver;

/// The gangs of one worker thread, one after the other.
class Gang {
  public:
    /// Executes a task on the thread of that index; false if it failed.
    using Execute = std::function<bool(int32_t id, int thread)>;

    struct Members {
        int32_t first;  // task
        int count;
        int first_turn;  // the others follow in a circle
        bool open;       // from the beginning
    };

    /// An observed gang is never opened.
    Gang(int owner, TaskObserver* observer) : owner_(owner), observer_(observer) {}
    Gang(const Gang&) = delete;
    Gang& operator=(const Gang&) = delete;

    /// To be called on each other thread that members may need, as many as there are members but
    /// one; returns after dismiss_helpers().
    void help(int thread);
    void dismiss_helpers();

    /// Executes the members, the first one on the calling thread. Ends the process when one of them
    /// has failed while others are under way, which nothing can end.
    void run(Members members, const Execute& execute);

    /// For a member: lets the others run, since what it waits for may need them. False if nobody
    /// else can, or all run anyway; then nothing happens.
    bool pass_turn(bool is_woken_up);

    /// For a member: it has done something that others may wait for.
    void note_change();

    /// Opens the gang if the member whose turn it is has had it for long. That task, or -1.
    int32_t open_if_stuck();

    /// For a member: memory that all of them share by key, which is zero at first.
    using MemoryKey = std::pair<uint32_t, uint64_t>;
    void* shared_memory(MemoryKey key, size_t size);

    /// The gang of which the calling thread executes a member, or nullptr.
    static Gang* current();

  private:
    static constexpr int kNobody = -1;

    void work(std::unique_lock<std::mutex>& lock, int thread);
    void open();
    void call_helpers(int count);
    void give_turn(int member);
    void note_turn(int member);

    int32_t task_of(int member) const { return members_.first + member; }
    void note_exchange();

    const int owner_;
    TaskObserver* const observer_;
    std::mutex mutex_;  // of all that follows
    std::condition_variable turned_;
    std::condition_variable called_;  // helpers
    std::condition_variable ended_;
    int calls_ = 0;  // to helpers that have not come yet
    bool is_over_ = false;

    Members members_{};
    const Execute* execute_ = nullptr;
    int started_ = 0;
    int finished_ = 0;
    std::deque<int> paused_;  // members
    int turn_ = kNobody;
    bool is_open_ = false;
    int idle_turns_ = 0;  // that ended with a wait, since anything has changed
    std::map<MemoryKey, std::unique_ptr<char[]>> memory_;

    /// How long a turn takes.
    struct Turn {
        uint64_t number;
        int64_t wall;  // ns, when it was looked at first
        int64_t cpu;   // of its thread, by then
    };
    uint64_t turns_ = 0;
    clockid_t clock_{};  // of the thread whose turn it is
    Turn watched_{};
};

}  // namespace a2a3sim
