// Which task comes before which in every order that a graph allows.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace a2a3sim {

/// Where each task is if they are executed in the order of their creation, as far as edges allow.
std::vector<int32_t> ranks_of_creation(const Graph& graph);

/// Exact. Up to kMostRows tasks, a bit for each pair of tasks; above, a search backwards from a
/// task, which goes on where the last one for the same task stopped.
class Reachability {
  public:
    explicit Reachability(const Graph& graph);

    /// Whether `to` always runs after `from`.
    bool leads(int32_t from, int32_t to) {
        if (words_ == 0) return is_found(from, to);
        const auto bit = static_cast<size_t>(from);
        return (rows_[static_cast<size_t>(to) * words_ + bit / 64] >> bit % 64 & 1) != 0;
    }

    /// Whether one of the two always runs after the other.
    bool are_ordered(int32_t a, int32_t b) { return leads(a, b) || leads(b, a); }

  private:
    static constexpr size_t kMostRows = 16384;  // 32 MiB

    void fill_rows(const Graph& graph, const std::vector<int32_t>& order);
    void list_predecessors(const Graph& graph, const std::vector<int32_t>& order);
    bool is_found(int32_t from, int32_t to);

    size_t words_ = 0;  // of a row; 0 if there are none
    std::vector<uint64_t> rows_;

    std::vector<uint32_t> first_predecessor_;
    std::vector<int32_t> predecessors_;
    std::vector<int32_t> level_;       // tasks of a longest path that ends at the task
    std::vector<int32_t> found_for_;   // of each task: the last one it was found to lead to
    std::vector<int32_t> unexpanded_;  // a heap by level, of the search for the last `to`
    int32_t target_ = -1;
};

}  // namespace a2a3sim
