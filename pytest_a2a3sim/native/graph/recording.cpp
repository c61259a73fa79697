#include "graph/recording.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>

#include "shared/kept_files.h"

namespace a2a3sim {

namespace {

/// Where the parts of a recording are, from its first byte.
struct Layout {
    size_t func_ids;
    size_t first_successor;
    size_t successors;
    size_t end;  // of what every recording has
    size_t first_argument;
    size_t arguments;

    Layout(size_t tasks, size_t edges)
        : func_ids(tasks * sizeof(TaskRecord)),
          first_successor(func_ids + tasks * sizeof(int32_t)),
          successors(first_successor + (tasks + 1) * sizeof(uint32_t)),
          end(successors + edges * sizeof(int32_t)),
          first_argument((end + sizeof(uint64_t) - 1) / sizeof(uint64_t) * sizeof(uint64_t)),
          arguments(first_argument + (tasks + 1) * sizeof(uint64_t)) {}

    size_t end_with_arguments(size_t count) const { return arguments + count * sizeof(uint64_t); }
};

template <typename T>
T* at(void* memory, size_t offset) {
    return reinterpret_cast<T*>(static_cast<char*>(memory) + offset);
}

}  // namespace

TaskRecord* Recording::begin(const Graph& graph, bool with_arguments) const {
    const Layout layout(graph.tasks.size(), graph.edge_count);
    const size_t end = with_arguments ? layout.end_with_arguments(graph.args.size()) : layout.end;
    if (end > memory_.size()) throw std::bad_alloc();
    const size_t size = graph.tasks.size() * sizeof(TaskRecord);
    memory_.populate(size, end);
    std::memset(memory_.data(), 0, std::min(size, KeptFiles::kMostBytes));
    return static_cast<TaskRecord*>(memory_.data());
}

void Recording::append(const Graph& graph, const KernelTable& kernels, bool with_arguments) const {
    const size_t count = graph.tasks.size();
    const Layout layout(count, graph.edge_count);
    auto* const func_ids = at<int32_t>(memory_.data(), layout.func_ids);
    auto* const first_successor = at<uint32_t>(memory_.data(), layout.first_successor);
    auto* const successors = at<int32_t>(memory_.data(), layout.successors);
    uint32_t listed = 0;
    for (size_t id = 0; id < count; ++id) {
        const TaskNode& task = graph.tasks[id];
        func_ids[id] = kernels[task.kernel].func_id;
        first_successor[id] = listed;
        graph.for_each_successor(task, [&](int32_t to) { successors[listed++] = to; });
    }
    first_successor[count] = listed;
    if (!with_arguments) return;
    auto* const first_argument = at<uint64_t>(memory_.data(), layout.first_argument);
    auto* const arguments = at<uint64_t>(memory_.data(), layout.arguments);
    uint64_t copied = 0;
    for (size_t id = 0; id < count; ++id) {
        const TaskNode& task = graph.tasks[id];
        first_argument[id] = copied;
        copy_args(arguments + copied, &graph.args[task.first_arg], task.num_args);
        copied += task.num_args;
    }
    first_argument[count] = copied;
}

const char* Recording::find_impossible(int64_t tasks, int64_t edges,
                                       const Bounds& bounds) const noexcept {
    if (tasks < 1 || tasks > static_cast<int64_t>(Graph::kMaxTasks)) return "number of tasks";
    if (edges < 0 || edges > static_cast<int64_t>(kMostEdges)) return "number of edges";
    const auto count = static_cast<size_t>(tasks);
    const Layout layout(count, static_cast<size_t>(edges));
    if (layout.end > memory_.size()) return "size of the recording";
    const auto* const records = at<const TaskRecord>(memory_.data(), 0);
    const auto* const func_ids = at<const int32_t>(memory_.data(), layout.func_ids);
    const auto* const first = at<const uint32_t>(memory_.data(), layout.first_successor);
    const auto* const successors = at<const int32_t>(memory_.data(), layout.successors);
    if (first[0] != 0 || first[count] != edges) return "list of the tasks' successors";
    for (size_t id = 0; id < count; ++id) {
        const TaskRecord& record = records[id];
        // Clocks of two CPUs may differ by a little.
        if (record.start() > bounds.most_ticks || record.end() - 1 >= bounds.most_ticks) {
            return "time of a task";
        }
        const int cores = record.core_type() == A2A3_CORE_AIV ? kAivPerBlock : 1;
        if (record.core() >= bounds.block_dim * cores) return "core of a task";
        if (record.thread() >= bounds.most_threads) return "thread of a task";
        if (bounds.kernels.find(func_ids[id]) < 0) return "kernel of a task";
        if (first[id] > first[id + 1]) return "list of the tasks' successors";
    }
    for (int64_t edge = 0; edge < edges; ++edge) {
        if (successors[edge] < 0 || successors[edge] >= tasks) return "successor of a task";
    }
    if (!bounds.with_arguments) return "";
    if (layout.arguments > memory_.size()) return "size of the recording";
    const auto* const first_argument = at<const uint64_t>(memory_.data(), layout.first_argument);
    const uint64_t most = (memory_.size() - layout.arguments) / sizeof(uint64_t);
    if (first_argument[0] != 0 || first_argument[count] > most) return "list of arguments";
    for (size_t id = 0; id < count; ++id) {
        if (first_argument[id] > first_argument[id + 1]) return "list of arguments";
    }
    return "";
}

a2a3_recording Recording::map_again(const a2a3_ending& ending, bool with_arguments) const {
    const auto count = static_cast<size_t>(ending.task_count);
    const Layout layout(count, static_cast<size_t>(ending.edge_count));
    const size_t end = with_arguments ? layout.end_with_arguments(at<const uint64_t>(
                                            memory_.data(), layout.first_argument)[count])
                                      : layout.end;
    // From a size of 0, mremap() makes a second mapping of shared memory.
    void* const mapping = mremap(memory_.data(), 0, end, MREMAP_MAYMOVE);
    if (mapping == MAP_FAILED) {
        throw std::system_error(errno, std::generic_category(), "a mapping of the recording");
    }
    // Cases that this process forks later have it, too, as have copies of this process.
    mprotect(mapping, end, PROT_READ);
    madvise(mapping, end, MADV_DOFORK);
    return {ending.task_count,
            ending.edge_count,
            at<int32_t>(mapping, layout.func_ids),
            at<uint32_t>(mapping, layout.first_successor),
            at<int32_t>(mapping, layout.successors),
            with_arguments ? at<uint64_t>(mapping, layout.first_argument) : nullptr,
            with_arguments ? at<uint64_t>(mapping, layout.arguments) : nullptr,
            mapping,
            ending.ticks_per_second,
            mapping,
            end,
            nullptr};
}

void decode_times(const a2a3_recording& recording, const int32_t* tasks, int64_t count,
                  a2a3_task_times* times) noexcept {
    const auto* const records = static_cast<const TaskRecord*>(recording.records);
    const double seconds_per_tick = 1.0 / recording.ticks_per_second;
    for (int64_t i = 0; i < count; ++i) {
        const int32_t id = tasks[i];
        const TaskRecord& record = records[id];
        times[i] = {static_cast<double>(record.start()) * seconds_per_tick,
                    static_cast<double>(record.end()) * seconds_per_tick,
                    recording.func_ids[id],
                    record.core_type(),
                    record.core(),
                    record.thread()};
    }
}

}  // namespace a2a3sim
