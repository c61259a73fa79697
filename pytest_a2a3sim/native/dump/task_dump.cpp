#include "dump/task_dump.h"

#include <algorithm>

namespace a2a3sim {

namespace {

/// The tables are writable for as long as this lives.
class Writable {
  public:
    explicit Writable(const DumpTables& tables) : tables_(tables) { tables.set_writable(true); }
    ~Writable() { tables_.set_writable(false); }
    Writable(const Writable&) = delete;
    Writable& operator=(const Writable&) = delete;

  private:
    const DumpTables& tables_;
};

bool has(const std::vector<int32_t>& values, int32_t value) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

bool DumpRequest::chooses(int32_t task, int32_t func_id) const {
    return all || has(tasks, task) || has(func_ids, func_id);
}

void DumpTables::set_writable(bool writable) const {
    descriptions.set_writable(writable);
    tasks.set_writable(writable);
    ranges.set_writable(writable);
    gaps.set_writable(writable);
}

void DumpTables::hide_from_children() const {
    descriptions.hide_from_children();
    tasks.hide_from_children();
    ranges.hide_from_children();
    gaps.hide_from_children();
}

TaskDump::TaskDump(const DumpRequest& request, const Graph& graph, const DeviceMemory& memory,
                   std::vector<a2a3_description> descriptions, DumpTables& tables)
    : request_(request),
      graph_(graph),
      memory_(memory),
      descriptions_(std::move(descriptions)),
      described_(memory_, descriptions_),
      is_kept_(descriptions_.size()),
      tables_(tables),
      file_(request.descriptor, request.limit) {
    const Writable writable(tables_);
    for (const a2a3_description& each : descriptions_) tables_.descriptions.push_back(each);
}

void TaskDump::leave_out() {
    ++tables_.gaps->left_out;
    tables_.gaps->error = file_.error();
}

int32_t TaskDump::range_of(uint64_t argument) {
    DescribedRange found;
    if (!described_.find(argument, found)) return -1;
    const bool is_said =
        found.description >= 0 && descriptions_[static_cast<size_t>(found.description)].tensor < 0;
    if (request_.changes_only && !is_said) return -1;
    SharedTable<a2a3_dumped_range>& ranges = tables_.ranges;
    for (size_t index = running_.first_range; index < ranges.size(); ++index) {
        const a2a3_dumped_range& range = ranges[index];
        if (range.buffer == static_cast<int64_t>(found.buffer) &&
            range.description == found.description) {
            return static_cast<int32_t>(index);
        }
    }
    const uintptr_t begin = memory_.buffer(found.buffer).begin + found.offset;
    const bool fits = ranges.size() < ranges.capacity();
    const int64_t position = fits ? file_.append(begin, found.size) : -1;
    if (position < 0) {
        leave_out();
        return -1;
    }
    ranges.push_back(a2a3_dumped_range{static_cast<int64_t>(found.buffer), found.offset, found.size,
                                       position, -1, found.description, 0});
    return static_cast<int32_t>(ranges.size() - 1);
}

void TaskDump::before_task(int32_t id, const Kernel& kernel) {
    const TaskNode& node = graph_.tasks[static_cast<size_t>(id)];
    running_ = {};
    if (!request_.chooses(id, kernel.func_id)) return;
    const Writable writable(tables_);
    if (tables_.tasks.size() == tables_.tasks.capacity()) {
        leave_out();
        return;
    }
    const size_t first_range = tables_.ranges.size();
    running_ = {true, false, tables_.tasks.size(), first_range, first_range};
    a2a3_dumped_task dumped{};
    dumped.task = id;
    dumped.func_id = kernel.func_id;
    dumped.arg_count = static_cast<int32_t>(node.num_args);
    const uint64_t* const args = graph_.args.data() + node.first_arg;
    for (size_t i = 0; i < node.num_args; ++i) {
        dumped.args[i] = args[i];
        dumped.ranges[i] = range_of(args[i]);
    }
    running_.end_range = tables_.ranges.size();
    tables_.tasks.push_back(dumped);
}

void TaskDump::pause_task(int32_t id) noexcept {
    running_.has_paused = true;
    paused_[id] = running_;
}

void TaskDump::resume_task(int32_t id) noexcept { running_ = paused_[id]; }

void TaskDump::keep_left(a2a3_dumped_range& range) {
    const uintptr_t begin = memory_.buffer(static_cast<size_t>(range.buffer)).begin + range.offset;
    if (file_.has(range.found, begin, range.size)) {
        range.left = range.found;
        return;
    }
    range.changed = 1;
    range.left = file_.append(begin, range.size);
    if (range.left < 0) leave_out();
}

/// Puts what ranges have become in the place of what they were. A range comes to lie where it was,
/// or before that: none covers what a later one is compared with. What other tasks have kept since
/// the task paused stays where it is.
void TaskDump::keep_changed() {
    SharedTable<a2a3_dumped_range>& ranges = tables_.ranges;
    const bool has_ranges = running_.first_range < running_.end_range;
    uint64_t end =
        has_ranges ? static_cast<uint64_t>(ranges[running_.first_range].found) : file_.end();
    const bool was_full = file_.is_full();
    const bool replaces = !was_full && !running_.has_paused;
    for (size_t index = running_.first_range; index < running_.end_range; ++index) {
        a2a3_dumped_range& range = ranges[index];
        const uintptr_t begin =
            memory_.buffer(static_cast<size_t>(range.buffer)).begin + range.offset;
        range.changed = !file_.has(range.found, begin, range.size);
        range.found = -1;
        const auto description = static_cast<size_t>(range.description);
        if ((range.changed == 0 && is_kept_[description]) || was_full) continue;
        is_kept_[description] = true;
        if (replaces) file_.shrink(end);
        range.left = file_.append(begin, range.size);
        if (range.left < 0) leave_out();
        end = file_.end();
    }
    if (replaces) file_.shrink(end);
}

void TaskDump::after_task(int32_t, const Kernel&, int64_t*) {
    if (!running_.is_chosen) return;
    const Writable writable(tables_);
    if (request_.changes_only) {
        keep_changed();
    } else {
        for (size_t i = running_.first_range; i < running_.end_range; ++i) {
            keep_left(tables_.ranges[i]);
        }
    }
    tables_.tasks[running_.index].finished = 1;
}

}  // namespace a2a3sim
