#include "isolation/left_tables.h"

#include <algorithm>

#include "isolation/left_behind.h"

namespace a2a3sim {

namespace {

template <typename T>
bool read_table(const SharedTable<T>& table, std::vector<T>& copy, Problems& problems,
                const char* number) {
    // A copy of what was never written would take all the memory that there is.
    const size_t most = std::min(table.capacity(), problems.most_bytes() / sizeof(T));
    if (!problems.check(table.left_size() <= most, number)) return false;
    copy = table.left();
    return true;
}

/// Copies a table all elements of which are possible.
template <typename T, typename Holds>
void read_checked(const SharedTable<T>& table, std::vector<T>& copy, Problems& problems,
                  const char* number, const char* name, Holds holds) {
    if (read_table(table, copy, problems, number) &&
        !problems.check(std::all_of(copy.begin(), copy.end(), holds), name)) {
        copy.clear();
    }
}

}  // namespace

bool Problems::check(bool holds, const char* what) {
    if (holds || text_.find(what) != std::string::npos) return holds;
    if (!text_.empty()) text_ += ", ";
    text_ += what;
    return false;
}

void read_tables(const CaseDescription& description, const SharedState& shared, Problems& problems,
                 Outcome& out) {
    if (read_table(shared.buffers, out.buffers, problems, "number of device buffers") &&
        !problems.check(are_possible(out.buffers), "table of device buffers")) {
        out.buffers.clear();
    }
    read_checked(shared.copied, out.copied, problems, "number of copies from the device",
                 "table of copies from the device",
                 [&](const auto& range) { return is_possible(range, description.tensors); });
    read_checked(shared.objects, out.objects, problems, "number of loaded objects",
                 "table of loaded objects", [](const auto& object) { return is_possible(object); });
}

void read_sanitizer_tables(const CaseDescription& description, const SharedState& shared,
                           Problems& problems, Outcome& out) {
    if (!shared.sanitizer) return;
    const SanitizerTables& tables = *shared.sanitizer;
    const a2a3_sanitized sanitized = shared.control.report->ending.sanitized;
    const bool counts = sanitized.tasks >= 0 && sanitized.undecided >= 0 &&
                        sanitized.exchanging >= 0 && sanitized.blind_bytes <= sanitized.bytes &&
                        sanitized.findings >= 0;
    if (problems.check(counts, "numbers of the sanitizer")) out.ending.sanitized = sanitized;
    const int64_t tasks = out.ending.task_count;
    const size_t buffers = out.buffers.size();
    read_checked(tables.findings, out.findings, problems, "number of findings", "table of findings",
                 [&](const auto& finding) {
                     return is_possible(finding, tasks, buffers, description.tensors);
                 });
    read_checked(tables.core_steps, out.core_steps, problems, "number of steps of cores",
                 "table of steps of cores", [](const auto& step) { return is_possible(step); });
    read_checked(
        tables.core_findings, out.core_findings, problems, "number of findings inside kernels",
        "table of findings inside kernels",
        [&](const auto& finding) { return is_possible(finding, tasks, out.core_steps.size()); });
    read_checked(tables.flows, out.flows, problems, "number of flows", "table of flows",
                 [&](const auto& flow) {
                     return is_possible(flow, tasks, buffers, description.tensors.size());
                 });
    read_checked(tables.task_args, out.task_args, problems, "number of tasks with arguments",
                 "table of arguments",
                 [](const auto& args) { return args.count >= 0 && args.count <= A2A3_MOST_ARGS; });
    problems.check(static_cast<int64_t>(out.task_args.size()) <= std::max<int64_t>(tasks, 0),
                   "number of tasks with arguments");
    read_checked(tables.answers, out.answers, problems, "number of answers", "table of answers",
                 [&](int32_t writer) { return writer >= A2A3_FLOW_NOBODY && writer < tasks; });
    problems.check(out.answers.empty() || out.answers.size() == description.questions.size(),
                   "number of answers");
}

void read_dependencies(const CaseDescription& description, const SharedState& shared,
                       Problems& problems, Outcome& out) {
    if (!shared.dependencies) return;
    read_checked(*shared.dependencies, out.dependencies, problems, "number of dependencies",
                 "table of dependencies", [&](const auto& each) {
                     return is_possible(each, out.ending.task_count, description.tensors.size());
                 });
}

void read_dump_tables(const CaseDescription& description, const SharedState& shared,
                      Problems& problems, Outcome& out) {
    if (!shared.dump) return;
    const DumpTables& tables = *shared.dump;
    const int64_t tasks = out.ending.task_count;
    read_checked(tables.descriptions, out.descriptions, problems, "number of described ranges",
                 "table of described ranges", [&](const auto& each) {
                     return is_possible(each, out.buffers, description.tensors);
                 });
    read_checked(tables.ranges, out.dumped_ranges, problems, "number of dumped ranges",
                 "table of dumped ranges", [&](const auto& range) {
                     return is_possible(range, description.dump.limit, out.buffers,
                                        out.descriptions.size());
                 });
    const KernelTable kernels = kernels_of(description);
    read_checked(tables.tasks, out.dumped_tasks, problems, "number of dumped tasks",
                 "table of dumped tasks", [&](const auto& task) {
                     return is_possible(task, tasks, kernels, out.dumped_ranges.size());
                 });
    const a2a3_dump_gaps gaps = *tables.gaps;
    if (problems.check(gaps.left_out >= 0 && gaps.error >= 0, "gaps of the dump")) {
        out.dump_gaps = gaps;
    }
}

}  // namespace a2a3sim
