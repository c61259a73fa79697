// What pairs of tasks that nothing orders could do to one another, and which orders have shown it.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "executor/pair_order.h"
#include "graph/reachability.h"
#include "orders/bit_matrix.h"
#include "orders/change_watch.h"
#include "orders/shared_buffers.h"

namespace a2a3sim {

/// A task uses bytes if it changes them, or begins there, unless it changes others from there on.
/// If nothing orders it and a task that changes bytes which it uses, two things may happen: it
/// comes next to use them, and it runs before. Who comes in between may write without being seen
/// to: what was there. Where a task has got an address further in front alone, it may use the
/// bytes: either order of the two is enough.
class PairCoverage {
  public:
    PairCoverage(const std::vector<SharedBuffer>& buffers, const ChangeWatch& watch,
                 Reachability& reachability, const std::vector<int32_t>& order);

    /// False: there are too many bytes that tasks use differently, or too many tasks that do.
    bool is_complete() const { return is_complete_; }

    /// Whether something is left that no order has shown.
    bool has_targets() const { return !targets_.empty(); }

    /// Notes what an order shows, which has every task once.
    void add(const std::vector<int32_t>& order);

    /// Two tasks to be executed one right after the other, which no order has shown yet; `sure`:
    /// because of bytes that both use. None: all have been shown.
    std::optional<TaskPair> next(bool sure) const;

  private:
    struct Target {
        TaskPair pair;
        bool adjacent;  // the second one finds what the first one has written
        bool sure;
        size_t buffer;  // the first one in which it was found
    };
    /// Of bytes that the same tasks use in the same way, a piece of a buffer.
    struct Use {
        int32_t task;
        bool changes;
    };
    using Piece = std::vector<Use>;  // in the order of tasks
    struct PieceOfTask {
        size_t piece;
        bool changes;
    };
    using PairCounts = std::unordered_map<uint64_t, size_t>;  // by TaskPair::seed()

    /// Bytes of a buffer that a task changes, or uses.
    struct Stretch {
        int32_t task;
        Span span;
        bool changes;
    };
    /// What a task has got an address of, and what it writes there.
    struct Role {
        const Touch* touch;
        bool writes_at;      // what the address leads to
        bool writes_behind;  // something from there on
    };
    using Stretches = std::vector<Stretch>;  // in the order of tasks

    bool are_ordered(int32_t a, int32_t b);
    bool has_many_targets() const;
    std::vector<Role> roles_of(const SharedBuffer& buffer, const Stretches& changes) const;
    std::vector<Piece> pieces_of(const std::vector<Role>& roles, const Stretches& changes);
    void find_sure(const Piece& piece);
    void find_possible(const std::vector<Role>& roles, const Stretches& changes);
    /// Buffers take turns: in one of them it may not matter who comes first. Of each, the tasks
    /// that are far apart come first: their orders differ more, and show more.
    void sort_targets();

    Reachability& reachability_;
    std::vector<size_t> position_;                    // of tasks in an order that the graph allows
    std::vector<std::vector<PieceOfTask>> of_tasks_;  // pieces with targets, by task
    PairCounts common_;  // pieces that the first task changes and the second one uses
    size_t buffer_ = 0;  // that is looked at
    size_t piece_count_ = 0;
    size_t use_count_ = 0;
    size_t check_count_ = 0;
    BitMatrix finds_;  // row: who changes bytes; columns: who may find them
    BitMatrix apart_;  // row and column: two of which either order is a target
    std::vector<Target> targets_;
    bool is_complete_ = true;
};

}  // namespace a2a3sim
