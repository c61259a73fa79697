#include "recording.h"

#include <sys/mman.h>

#include <new>

namespace a2a3sim {

namespace {

size_t recording_size(size_t tasks, size_t edges) {
    return tasks * sizeof(a2a3_task_record) + tasks * sizeof(int32_t) +
           (tasks + 1) * sizeof(uint32_t) + edges * sizeof(int32_t);
}

}  // namespace

a2a3_task_record* Recording::begin(const Graph& graph) const {
    if (recording_size(graph.tasks.size(), graph.edge_count) > memory_.size()) {
        throw std::bad_alloc();
    }
    memory_.populate(graph.tasks.size() * sizeof(a2a3_task_record));
    return static_cast<a2a3_task_record*>(memory_.data());
}

void Recording::append(const Graph& graph) const {
    const size_t count = graph.tasks.size();
    auto* const records = static_cast<a2a3_task_record*>(memory_.data());
    auto* const func_ids = reinterpret_cast<int32_t*>(records + count);
    auto* const first_successor = reinterpret_cast<uint32_t*>(func_ids + count);
    auto* const successors = reinterpret_cast<int32_t*>(first_successor + count + 1);
    uint32_t listed = 0;
    for (size_t id = 0; id < count; ++id) {
        const TaskNode& task = graph.tasks[id];
        func_ids[id] = task.func_id;
        first_successor[id] = listed;
        graph.for_each_successor(task, [&](int32_t to) { successors[listed++] = to; });
    }
    first_successor[count] = listed;
}

void* Recording::map_again(int64_t tasks, int64_t edges, size_t* nbytes) const {
    *nbytes = recording_size(static_cast<size_t>(tasks), static_cast<size_t>(edges));
    // From a size of 0, mremap() makes a second mapping of shared memory.
    void* const mapping = mremap(memory_.data(), 0, *nbytes, MREMAP_MAYMOVE);
    return mapping == MAP_FAILED ? nullptr : mapping;
}

}  // namespace a2a3sim
