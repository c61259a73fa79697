// Pairs of tasks that access the same bytes, one of them writing, and that the graph does not
// order. Decided by the graph: what the serial run happened to do first plays no part.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "graph/reachability.h"
#include "sanitizer/history.h"

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

/// Two unordered tasks, the one with the lower id first, and the buffer with the lowest address of
/// those that they meet in.
struct Race {
    int32_t tasks[2];
    const void* codes[2];
    int32_t kind;  // a2a3_finding_kind
    int32_t buffer;
    uint64_t begin;
    uint64_t end;
    uint64_t bytes;
    bool is_reversed;  // where all tasks are in order of creation as far as edges allow, the one
                       // with the higher id comes first
    bool is_consequence;

    int32_t earlier() const { return tasks[is_reversed ? 1 : 0]; }
    int32_t later() const { return tasks[is_reversed ? 0 : 1]; }
};

class RaceCheck {
  public:
    RaceCheck(History& history, Reachability& order, const Graph& graph)
        : history_(history), order_(order), graph_(graph) {}

    /// Compares the accesses of the task that has just ended, or paused, with all before them.
    void end_task();

    /// The task exchanges something with others of its gang, which may order their accesses: there
    /// are no races between it and them.
    void note_exchange(int32_t task) { exchanging_.insert(task); }

    /// The races by the ids of their tasks, those that another one's edge would order marked.
    std::vector<Race> races();
    /// Those that were found, but not kept.
    int64_t not_kept() const { return not_kept_; }

  private:
    static constexpr size_t kMostRaces = 100'000;
    static constexpr size_t kMostCompared = 4096;

    void compare(uint32_t index);
    void note(const Access& earlier, const Access& later);
    void find_directions();
    bool may_be_ordered(const Race& race) const;
    bool is_ordered_by_another(const Race& race, const std::vector<const Race*>& others);

    History& history_;
    Reachability& order_;
    const Graph& graph_;
    std::vector<Race> races_;
    std::unordered_map<uint64_t, size_t> index_;  // by both ids
    std::unordered_set<int32_t> exchanging_;
    int64_t not_kept_ = 0;
};

}  // namespace a2a3sim
