// What tasks find and leave in the device memory that their arguments point into, kept in a file
// while they run.
#pragma once

#include <cstring>
#include <map>
#include <vector>

#include "dump/described_memory.h"
#include "dump/dump_file.h"
#include "executor/task_observer.h"
#include "graph/graph.h"
#include "shared/shared_memory.h"

namespace a2a3sim {

/// An a2a3_dump_request that owns its lists.
struct DumpRequest {
    explicit DumpRequest(const a2a3_dump_request& request)
        : limit(request.limit),
          descriptor(request.limit > 0 ? request.descriptor : -1),
          all(request.all != 0),
          tasks(request.tasks, request.tasks + request.task_count),
          func_ids(request.func_ids, request.func_ids + request.func_id_count),
          changes_only(request.changes_only != 0) {}

    uint64_t limit;
    int descriptor;
    bool all;
    std::vector<int32_t> tasks;
    std::vector<int32_t> func_ids;
    bool changes_only;

    bool is_wanted() const { return limit > 0; }
    bool chooses(int32_t task, int32_t func_id) const;
};

/// What a dumped run tells its parent besides the bytes.
struct DumpTables {
    SharedTable<a2a3_description> descriptions{kMostDescriptions};
    SharedTable<a2a3_dumped_task> tasks{kMostTasks};
    SharedTable<a2a3_dumped_range> ranges{kMostRanges};
    SharedValue<a2a3_dump_gaps> gaps;

    void set_writable(bool writable) const;
    void hide_from_children() const;

  private:
    static constexpr size_t kMostDescriptions = size_t{1} << 20;
    static constexpr size_t kMostTasks = size_t{1} << 20;
    static constexpr size_t kMostRanges = size_t{1} << 22;
};

/// Observes the run of a graph on one thread. Takes no memory that grows with the graph, or with
/// the arguments: bytes go to the file at once, and are compared with it when the task has ended.
class TaskDump : public TaskObserver {
  public:
    /// The tables are read-only for as long as it lives. Throws std::bad_alloc.
    TaskDump(const DumpRequest& request, const Graph& graph, const DeviceMemory& memory,
             std::vector<a2a3_description> descriptions, DumpTables& tables);

    void before_task(int32_t id, const Kernel& kernel) override;
    void after_task(int32_t id, const Kernel& kernel, int64_t* args) override;
    void write(void* to, const void* from, size_t size) override { std::memcpy(to, from, size); }
    void pause_task(int32_t id) noexcept override;
    void resume_task(int32_t id) noexcept override;
    void note_exchange(int32_t) noexcept override {}

  private:
    struct Running {
        bool is_chosen;
        bool has_paused;
        size_t index;        // in the table of tasks
        size_t first_range;  // in the table of ranges
        size_t end_range;
    };

    /// The index of the range that the argument points into, which is added unless the task has it;
    /// -1 if there is none.
    int32_t range_of(uint64_t argument);
    void leave_out();
    void keep_left(a2a3_dumped_range& range);
    void keep_changed();

    const DumpRequest& request_;
    const Graph& graph_;
    const DeviceMemory& memory_;
    const std::vector<a2a3_description> descriptions_;
    const DescribedMemory described_;
    std::vector<bool> is_kept_;  // of each description, of a dump of changes
    DumpTables& tables_;
    DumpFile file_;
    Running running_{};
    std::map<int32_t, Running> paused_;  // by task
};

}  // namespace a2a3sim
