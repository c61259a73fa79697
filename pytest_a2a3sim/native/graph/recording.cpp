#include "graph/recording.h"

#include <sys/mman.h>

#include <cerrno>
#include <new>
#include <system_error>

namespace a2a3sim {

namespace {

/// Where the parts of a recording are, from its first byte.
struct Layout {
    size_t func_ids;
    size_t first_successor;
    size_t successors;
    size_t end;

    Layout(size_t tasks, size_t edges)
        : func_ids(tasks * sizeof(TaskRecord)),
          first_successor(func_ids + tasks * sizeof(int32_t)),
          successors(first_successor + (tasks + 1) * sizeof(uint32_t)),
          end(successors + edges * sizeof(int32_t)) {}
};

template <typename T>
T* at(void* memory, size_t offset) {
    return reinterpret_cast<T*>(static_cast<char*>(memory) + offset);
}

}  // namespace

TaskRecord* Recording::begin(const Graph& graph) const {
    if (Layout(graph.tasks.size(), graph.edge_count).end > memory_.size()) throw std::bad_alloc();
    memory_.populate(graph.tasks.size() * sizeof(TaskRecord));
    return static_cast<TaskRecord*>(memory_.data());
}

void Recording::append(const Graph& graph) const {
    const size_t count = graph.tasks.size();
    const Layout layout(count, graph.edge_count);
    auto* const func_ids = at<int32_t>(memory_.data(), layout.func_ids);
    auto* const first_successor = at<uint32_t>(memory_.data(), layout.first_successor);
    auto* const successors = at<int32_t>(memory_.data(), layout.successors);
    uint32_t listed = 0;
    for (size_t id = 0; id < count; ++id) {
        const TaskNode& task = graph.tasks[id];
        func_ids[id] = task.func_id;
        first_successor[id] = listed;
        graph.for_each_successor(task, [&](int32_t to) { successors[listed++] = to; });
    }
    first_successor[count] = listed;
}

a2a3_recording Recording::map_again(int64_t tasks, int64_t edges) const {
    const Layout layout(static_cast<size_t>(tasks), static_cast<size_t>(edges));
    // From a size of 0, mremap() makes a second mapping of shared memory.
    void* const mapping = mremap(memory_.data(), 0, layout.end, MREMAP_MAYMOVE);
    if (mapping == MAP_FAILED) {
        throw std::system_error(errno, std::generic_category(), "a mapping of the recording");
    }
    return {tasks,
            edges,
            at<int32_t>(mapping, layout.func_ids),
            at<uint32_t>(mapping, layout.first_successor),
            at<int32_t>(mapping, layout.successors),
            mapping,
            layout.end};
}

void Recording::decode(const a2a3_ending& ending, const std::unordered_map<int, int>& core_types,
                       a2a3_task_times* times) const {
    const auto count = static_cast<size_t>(ending.task_count);
    const auto* const records = static_cast<const TaskRecord*>(memory_.data());
    const auto* const func_ids = at<int32_t>(memory_.data(), Layout(count, 0).func_ids);
    const double seconds_per_tick = 1.0 / ending.ticks_per_second;
    const auto seconds = [&](uint64_t ticks) {
        return static_cast<double>(ticks) * seconds_per_tick;
    };
    int last_func_id = -1;
    int core_type = A2A3_CORE_AIC;
    for (size_t id = 0; id < count; ++id) {
        if (func_ids[id] != last_func_id) {
            last_func_id = func_ids[id];
            core_type = core_types.at(last_func_id);
        }
        times[id].start = seconds(records[id].start());
        times[id].end = seconds(records[id].end());
        times[id].func_id = last_func_id;
        times[id].core_type = static_cast<int16_t>(core_type);
        times[id].core_id = static_cast<int16_t>(records[id].core());
        times[id].thread = records[id].thread();
    }
}

}  // namespace a2a3sim
