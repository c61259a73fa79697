// The order of execution that shows what a race of two tasks does.
#pragma once

#include <vector>

#include "graph/graph.h"

namespace a2a3sim {

/// The seed of A2A3_SCHEDULE_BEFORE.
struct TaskPair {
    explicit TaskPair(uint64_t seed)
        : first(static_cast<int32_t>(seed >> 32)), second(static_cast<int32_t>(seed)) {}
    TaskPair(int32_t first_task, int32_t second_task) : first(first_task), second(second_task) {}

    uint64_t seed() const {
        return uint64_t{static_cast<uint32_t>(first)} << 32 | static_cast<uint32_t>(second);
    }

    int32_t first;
    int32_t second;
};

/// Every task once: in order of creation, but the first task of the pair waits for all that the
/// second one waits for, and the second one comes right after the first. The pair comes when it is
/// the turn of its higher id; so the orders of a pair and of its reverse differ in nothing but
/// these two tasks, unless the graph orders them. If it orders the first one before the second,
/// what lies between them comes between them. Throws CaseFailure if it orders the second one before
/// the first, or lacks one of them.
std::vector<int32_t> order_with_pair(const Graph& graph, const KernelTable& kernels, TaskPair pair);

}  // namespace a2a3sim
