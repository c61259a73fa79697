#include "graph/what_if.h"

#include <algorithm>
#include <functional>
#include <queue>

#include "graph/graph.h"

namespace a2a3sim {

namespace {

std::vector<int32_t> count_predecessors(const a2a3_timed_graph& graph) {
    std::vector<int32_t> unmet(static_cast<size_t>(graph.task_count));
    const uint32_t edges = graph.first_successor[graph.task_count];
    for (uint32_t e = 0; e < edges; ++e) ++unmet[static_cast<size_t>(graph.successors[e])];
    return unmet;
}

template <typename Visit>
void for_each_successor(const a2a3_timed_graph& graph, int32_t id, Visit visit) {
    for (uint32_t e = graph.first_successor[id]; e < graph.first_successor[id + 1]; ++e) {
        visit(graph.successors[e]);
    }
}

struct Event {
    double seconds;
    int32_t task;

    bool operator>(const Event& other) const {
        return seconds != other.seconds ? seconds > other.seconds : task > other.task;
    }
};

using Events = std::priority_queue<Event, std::vector<Event>, std::greater<>>;

}  // namespace

double list_schedule(const a2a3_timed_graph& graph, int block_dim) {
    std::vector<int32_t> unmet = count_predecessors(graph);
    Events ready[2];  // by core type
    int free_cores[] = {block_dim, kAivPerBlock * block_dim};
    Events running;
    double now = 0;
    const auto make_ready = [&](int32_t id) { ready[graph.core_types[id]].push({now, id}); };
    for (int32_t id = 0; id < graph.task_count; ++id) {
        if (unmet[static_cast<size_t>(id)] == 0) make_ready(id);
    }
    for (;;) {
        for (int type = 0; type < 2; ++type) {
            while (free_cores[type] > 0 && !ready[type].empty()) {
                const int32_t id = ready[type].top().task;
                ready[type].pop();
                --free_cores[type];
                running.push({now + graph.seconds[id], id});
            }
        }
        if (running.empty()) return now;
        now = running.top().seconds;
        while (!running.empty() && running.top().seconds == now) {
            const int32_t id = running.top().task;
            running.pop();
            ++free_cores[graph.core_types[id]];
            for_each_successor(graph, id, [&](int32_t successor) {
                if (--unmet[static_cast<size_t>(successor)] == 0) make_ready(successor);
            });
        }
    }
}

std::vector<int32_t> critical_path(const a2a3_timed_graph& graph) {
    const auto count = static_cast<size_t>(graph.task_count);
    std::vector<int32_t> unmet = count_predecessors(graph);
    std::vector<double> start(count, 0.0);
    std::vector<int32_t> before(count, -1);  // the predecessor that ends last
    std::vector<int32_t> order;
    order.reserve(count);
    for (int32_t id = 0; id < graph.task_count; ++id) {
        if (unmet[static_cast<size_t>(id)] == 0) order.push_back(id);
    }
    int32_t last = -1;
    double longest = -1;
    for (size_t done = 0; done < order.size(); ++done) {
        const int32_t id = order[done];
        const double end = start[static_cast<size_t>(id)] + graph.seconds[id];
        if (end > longest) {
            longest = end;
            last = id;
        }
        for_each_successor(graph, id, [&](int32_t successor) {
            const auto next = static_cast<size_t>(successor);
            if (before[next] < 0 || end > start[next]) {
                start[next] = end;
                before[next] = id;
            }
            if (--unmet[next] == 0) order.push_back(successor);
        });
    }
    std::vector<int32_t> path;
    // `order` has fewer tasks than the graph, and `before` a circle, if the graph is not acyclic.
    for (int32_t id = last; id >= 0 && path.size() < count; id = before[static_cast<size_t>(id)]) {
        path.push_back(id);
    }
    std::reverse(path.begin(), path.end());
    return path;
}

}  // namespace a2a3sim
