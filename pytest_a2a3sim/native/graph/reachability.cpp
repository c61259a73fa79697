#include "graph/reachability.h"

#include <algorithm>
#include <functional>
#include <queue>

namespace a2a3sim {

namespace {

/// The tasks, each after its predecessors.
std::vector<int32_t> topological_order(const Graph& graph) {
    std::vector<int32_t> missing(graph.tasks.size());
    for (size_t id = 0; id < missing.size(); ++id) missing[id] = graph.tasks[id].fanin;
    std::vector<int32_t> order(graph.roots.begin(), graph.roots.end());
    order.reserve(missing.size());
    for (size_t next = 0; next < order.size(); ++next) {
        graph.for_each_successor(graph.tasks[static_cast<size_t>(order[next])], [&](int32_t to) {
            if (--missing[static_cast<size_t>(to)] == 0) order.push_back(to);
        });
    }
    return order;
}

}  // namespace

std::vector<int32_t> ranks_of_creation(const Graph& graph) {
    std::vector<int32_t> missing(
        graph.tasks.size());  // predecessors; execution counts its own down
    for (const TaskNode& task : graph.tasks) {
        graph.for_each_successor(task, [&](int32_t to) { ++missing[static_cast<size_t>(to)]; });
    }
    std::priority_queue<int32_t, std::vector<int32_t>, std::greater<>> ready;
    for (size_t id = 0; id < missing.size(); ++id) {
        if (missing[id] == 0) ready.push(static_cast<int32_t>(id));
    }
    std::vector<int32_t> ranks(missing.size());
    for (int32_t rank = 0; !ready.empty(); ++rank) {
        const auto task = static_cast<size_t>(ready.top());
        ready.pop();
        ranks[task] = rank;
        graph.for_each_successor(graph.tasks[task], [&](int32_t to) {
            if (--missing[static_cast<size_t>(to)] == 0) ready.push(to);
        });
    }
    return ranks;
}

Reachability::Reachability(const Graph& graph) {
    const std::vector<int32_t> order = topological_order(graph);
    if (graph.tasks.size() <= kMostRows) {
        fill_rows(graph, order);
    } else {
        list_predecessors(graph, order);
    }
}

void Reachability::fill_rows(const Graph& graph, const std::vector<int32_t>& order) {
    words_ = std::max<size_t>((graph.tasks.size() + 63) / 64, 1);
    rows_.resize(words_ * graph.tasks.size());
    for (const int32_t id : order) {
        const auto from = static_cast<size_t>(id);
        const uint64_t* const row = rows_.data() + from * words_;
        graph.for_each_successor(graph.tasks[from], [&](int32_t successor) {
            uint64_t* const to = rows_.data() + static_cast<size_t>(successor) * words_;
            for (size_t i = 0; i < words_; ++i) to[i] |= row[i];
            to[from / 64] |= uint64_t{1} << from % 64;
        });
    }
}

void Reachability::list_predecessors(const Graph& graph, const std::vector<int32_t>& order) {
    const size_t count = graph.tasks.size();
    first_predecessor_.resize(count + 1);
    for (size_t id = 0; id < count; ++id) {
        first_predecessor_[id + 1] =
            first_predecessor_[id] + static_cast<uint32_t>(graph.tasks[id].fanin);
    }
    predecessors_.resize(first_predecessor_[count]);
    level_.resize(count);
    found_for_.assign(count, -1);
    std::vector<uint32_t> next(first_predecessor_.begin(), first_predecessor_.end() - 1);
    for (const int32_t id : order) {
        graph.for_each_successor(graph.tasks[static_cast<size_t>(id)], [&](int32_t successor) {
            const auto to = static_cast<size_t>(successor);
            predecessors_[next[to]++] = id;
            level_[to] = std::max(level_[to], level_[static_cast<size_t>(id)] + 1);
        });
    }
}

bool Reachability::is_found(int32_t from, int32_t to) {
    const auto is_lower = [&](int32_t a, int32_t b) {
        return level_[static_cast<size_t>(a)] < level_[static_cast<size_t>(b)];
    };
    if (!is_lower(from, to)) return false;
    if (target_ != to) {
        target_ = to;
        unexpanded_.assign(1, to);
    }
    while (!unexpanded_.empty() && is_lower(from, unexpanded_.front())) {
        std::pop_heap(unexpanded_.begin(), unexpanded_.end(), is_lower);
        const auto task = static_cast<size_t>(unexpanded_.back());
        unexpanded_.pop_back();
        for (uint32_t i = first_predecessor_[task]; i < first_predecessor_[task + 1]; ++i) {
            const int32_t before = predecessors_[i];
            int32_t& found_for = found_for_[static_cast<size_t>(before)];
            if (found_for == to) continue;
            found_for = to;
            unexpanded_.push_back(before);
            std::push_heap(unexpanded_.begin(), unexpanded_.end(), is_lower);
        }
    }
    return found_for_[static_cast<size_t>(from)] == to;
}

}  // namespace a2a3sim
