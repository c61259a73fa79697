#include "executor/pair_order.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

#include "base/failure.h"

namespace a2a3sim {

namespace {

class PairOrder {
  public:
    PairOrder(const Graph& graph, const KernelTable& kernels, TaskPair pair)
        : graph_(graph), kernels_(kernels), pair_(pair) {}

    std::vector<int32_t> order() {
        check_ids();
        const std::vector<int32_t> sorted = sort_topologically();
        // Of a gang, the first turn is the first task's: see Gangs.
        pair_.first = graph_.last_of_gang(pair_.first);
        pair_.second = graph_.last_of_gang(pair_.second);
        if (pair_.first == pair_.second) return sorted;
        check_not_reversed(sorted);
        return order_by_key(sorted);
    }

  private:
    const TaskNode& task(int32_t id) const { return graph_.tasks[static_cast<size_t>(id)]; }

    void check_ids() const {
        for (const int32_t id : {pair_.first, pair_.second}) {
            if (id >= 0 && id < graph_.task_count()) continue;
            refuse(format("the graph has no task %d; it has %d, numbered from 0", id,
                          graph_.task_count()));
        }
        if (pair_.first == pair_.second) refuse("these are not two tasks");
    }

    [[noreturn]] void refuse(const std::string& why) const {
        throw CaseFailure(A2A3_FAILURE_GRAPH, format("schedule before:%d,%d: %s", pair_.first,
                                                     pair_.second, why.c_str()));
    }

    std::vector<int32_t> sort_topologically() const {
        std::vector<int32_t> unmet(graph_.tasks.size());
        for (size_t id = 0; id < unmet.size(); ++id) unmet[id] = graph_.tasks[id].fanin;
        std::vector<int32_t> sorted(graph_.roots.begin(), graph_.roots.end());
        sorted.reserve(unmet.size());
        for (size_t done = 0; done < sorted.size(); ++done) {
            graph_.for_each_successor(task(sorted[done]), [&](int32_t successor) {
                if (--unmet[static_cast<size_t>(successor)] == 0) sorted.push_back(successor);
            });
        }
        return sorted;
    }

    /// By task: whether it waits for `id`.
    std::vector<bool> tasks_after(int32_t id, const std::vector<int32_t>& sorted) const {
        std::vector<bool> found(graph_.tasks.size(), false);
        for (const int32_t each : sorted) {
            if (each != id && !found[static_cast<size_t>(each)]) continue;
            graph_.for_each_successor(task(each), [&](int32_t successor) {
                found[static_cast<size_t>(successor)] = true;
            });
        }
        return found;
    }

    /// By task: its first successor from which `id` is reached, perhaps `id` itself; else -1.
    std::vector<int32_t> ways_to(int32_t id, const std::vector<int32_t>& sorted) const {
        std::vector<int32_t> next(graph_.tasks.size(), -1);
        for (size_t i = sorted.size(); i-- > 0;) {
            graph_.for_each_successor(task(sorted[i]), [&](int32_t successor) {
                const bool leads = successor == id || next[static_cast<size_t>(successor)] >= 0;
                int32_t& way = next[static_cast<size_t>(sorted[i])];
                if (leads && way < 0) way = successor;
            });
        }
        return next;
    }

    void check_not_reversed(const std::vector<int32_t>& sorted) const {
        constexpr int kShown = 12;
        const std::vector<int32_t> next = ways_to(pair_.first, sorted);
        if (next[static_cast<size_t>(pair_.second)] < 0) return;
        std::string path = describe(pair_.second);
        int shown = 1;
        int hidden = 0;
        for (int32_t id = pair_.second; id != pair_.first;) {
            id = next[static_cast<size_t>(id)];
            if (id == pair_.first || shown < kShown) {
                if (hidden > 0) path += format(" -> %d more", hidden);
                path += " -> " + describe(id);
                ++shown;
            } else {
                ++hidden;
            }
        }
        refuse(format("the graph orders task %d before task %d: %s", pair_.second, pair_.first,
                      path.c_str()));
    }

    std::string describe(int32_t id) const {
        return format("task %d (%s)", id, kernels_[task(id).kernel].name.c_str());
    }

    std::vector<int32_t> order_by_key(const std::vector<int32_t>& sorted) const {
        const auto first = static_cast<size_t>(pair_.first);
        const auto second = static_cast<size_t>(pair_.second);
        const std::vector<bool> after_first = tasks_after(pair_.first, sorted);
        const std::vector<int32_t> to_second = ways_to(pair_.second, sorted);
        const auto leads_to_second = [&](size_t id) { return to_second[id] >= 0 && id != first; };

        // Edges that the graph does not have: to the first task from what the second one waits for,
        // and from the first one to the second.
        const auto leads_to_first = [&](size_t id) {
            return leads_to_second(id) && !after_first[id];
        };
        std::vector<int32_t> unmet(graph_.tasks.size());
        for (size_t id = 0; id < unmet.size(); ++id) {
            unmet[id] += graph_.tasks[id].fanin;
            if (leads_to_first(id)) ++unmet[first];
        }
        ++unmet[second];

        constexpr int32_t kAtOnce = -1;
        const auto key_of = [&](size_t id) {
            if (id == first) return std::max(pair_.first, pair_.second);
            if (id == second || (leads_to_second(id) && after_first[id])) return kAtOnce;
            return static_cast<int32_t>(id);
        };
        using Entry = std::pair<int32_t, size_t>;  // key, id
        std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready;
        const auto release = [&](size_t id) {
            if (--unmet[id] == 0) ready.emplace(key_of(id), id);
        };
        for (size_t id = 0; id < unmet.size(); ++id) {
            if (unmet[id] == 0) ready.emplace(key_of(id), id);
        }
        std::vector<int32_t> order;
        order.reserve(unmet.size());
        while (!ready.empty()) {
            const size_t id = ready.top().second;
            ready.pop();
            order.push_back(static_cast<int32_t>(id));
            graph_.for_each_successor(graph_.tasks[id], [&](int32_t successor) {
                release(static_cast<size_t>(successor));
            });
            if (leads_to_first(id)) release(first);
            if (id == first) release(second);
        }
        return order;
    }

    const Graph& graph_;
    const KernelTable& kernels_;
    TaskPair pair_;
};

}  // namespace

std::vector<int32_t> order_with_pair(const Graph& graph, const KernelTable& kernels,
                                     TaskPair pair) {
    return PairOrder(graph, kernels, pair).order();
}

}  // namespace a2a3sim
