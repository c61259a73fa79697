// What a sanitized run has found, as its parent gets it.
#include <algorithm>
#include <iterator>
#include <numeric>

#include "device/places.h"
#include "sanitizer/sanitizer.h"

namespace a2a3sim {

a2a3_finding Sanitizer::finding_at(a2a3_check check, int32_t task, uint64_t begin, uint64_t end,
                                   uint64_t bytes) const {
    a2a3_finding finding{};
    finding.check = check;
    finding.tasks[0] = task;
    finding.tasks[1] = -1;
    finding.writer = -1;
    finding.span = end - begin;
    finding.bytes = bytes;
    finding.buffer = -1;
    uint64_t in_tensor = 0;
    finding.tensor = map_.tensor_at(begin, in_tensor);
    finding.tensor_offset = static_cast<int64_t>(in_tensor);
    const ptrdiff_t index = map_.memory().find(begin);
    if (index >= 0) {
        finding.buffer = index;
        finding.offset =
            static_cast<int64_t>(begin - map_.memory().buffers()[static_cast<size_t>(index)].begin);
    }
    return finding;
}

a2a3_finding Sanitizer::finding_of(const Race& race) const {
    a2a3_finding finding =
        finding_at(A2A3_CHECK_RACECHECK, race.tasks[0], race.begin, race.end, race.bytes);
    finding.kind = race.kind;
    finding.tasks[1] = race.tasks[1];
    for (int i = 0; i < 2; ++i) finding.codes[i] = reinterpret_cast<uint64_t>(race.codes[i]);
    finding.is_reversed = race.is_reversed ? 1 : 0;
    finding.is_consequence = race.is_consequence ? 1 : 0;
    return finding;
}

a2a3_finding Sanitizer::finding_of(const UndefinedRead& read) {
    a2a3_finding finding =
        finding_at(A2A3_CHECK_INITCHECK, read.task, read.begin, read.end, read.bytes);
    finding.kind = A2A3_FINDING_UNDEFINED;
    finding.codes[0] = reinterpret_cast<uint64_t>(read.code);
    // A task that writes the bytes, if nothing orders the two.
    for (uint32_t i = history_.last_of(read.begin); i != 0; i = history_[i].before) {
        const Access& access = history_[i];
        if (access.writes() && access.task != read.task && !order_.leads(read.task, access.task) &&
            !order_.leads(access.task, read.task)) {
            finding.writer = access.task;
        }
    }
    return finding;
}

a2a3_finding Sanitizer::finding_of(const OutsideAccess& access,
                                   const std::vector<DeviceBuffer>& buffers) const {
    a2a3_finding finding{};
    finding.check = A2A3_CHECK_MEMCHECK;
    finding.tasks[0] = access.task;
    finding.tasks[1] = -1;
    finding.writer = -1;
    finding.kind = access.writes ? A2A3_FINDING_WRITE : A2A3_FINDING_READ;
    finding.codes[0] = reinterpret_cast<uint64_t>(access.code);
    finding.span = access.end - access.begin;
    finding.bytes = std::min(access.bytes, finding.span);
    const TaskNode& task = case_.graph.tasks[static_cast<size_t>(access.task)];
    const a2a3_place place =
        find_place(access.begin, buffers, case_.window, case_.tensors,
                   case_.graph.args.data() + task.first_arg, static_cast<int>(task.num_args));
    finding.place = place.kind;
    finding.buffer = place.buffer;
    finding.tensor = place.tensor;
    finding.offset = finding.tensor_offset = place.offset;
    if (place.buffer >= 0) {
        uint64_t in_tensor = 0;
        const uint64_t begin = buffers[static_cast<size_t>(place.buffer)].begin;
        finding.tensor = map_.tensor_at(begin, in_tensor);
        finding.tensor_offset = static_cast<int64_t>(in_tensor) + place.offset;
    }
    return finding;
}

void Sanitizer::find_undefined_outputs() {
    for (const DeviceCopy& copy : case_.copies) {
        if (!copy.to_device) undefined_.end_graph(copy.begin, copy.begin + copy.size);
    }
}

void Sanitizer::report_flows(const std::vector<a2a3_question>& questions, SanitizerTables& tables) {
    flow_.end_graph(case_.copies);
    flow_.put(tables.flows, map_);
    for (const TaskNode& task : case_.graph.tasks) {
        if (tables.task_args.size() == tables.task_args.capacity()) break;
        a2a3_task_args args{};
        args.count = std::min<int32_t>(task.num_args, A2A3_MOST_ARGS);
        std::copy_n(case_.graph.args.data() + task.first_arg, args.count, args.args);
        tables.task_args.push_back(args);
    }
    for (const a2a3_question& question : questions) {
        int32_t writer = A2A3_FLOW_NOBODY;
        for (const DeviceCopy& copy : case_.copies) {
            const uint64_t in_copy = question.offset - copy.offset;
            if (copy.to_device || copy.tensor != question.tensor || in_copy >= copy.size) continue;
            const uint64_t address = copy.begin + in_copy;
            writer = flow_.writer_of(address, map_.span_at(address).is_copied_to);
        }
        tables.answers.push_back(writer);
    }
}

void Sanitizer::report(const std::vector<a2a3_question>& questions, SanitizerTables& tables,
                       a2a3_sanitized& sanitized) {
    const auto put = [&](a2a3_finding finding) {
        ++sanitized.findings;
        if (tables.findings.size() == A2A3_MOST_FINDINGS) return;
        for (int i = 0; i < 2 && finding.tasks[i] >= 0; ++i) {
            finding.submitters[i] = case_.submitters[static_cast<size_t>(finding.tasks[i])];
        }
        tables.findings.push_back(finding);
    };
    const std::vector<Race> races = races_.races();
    for (const Race& race : races) put(finding_of(race));
    sanitized.findings += races_.not_kept();
    const std::vector<DeviceBuffer> buffers(map_.memory().buffers().begin(),
                                            map_.memory().buffers().end());
    for (const OutsideAccess& access : outside_) put(finding_of(access, buffers));
    if (looks_for(A2A3_CHECK_INITCHECK)) find_undefined_outputs();
    for (const UndefinedRead& read : undefined_.found()) {
        a2a3_finding finding = finding_of(read);
        if (finding.writer >= 0 && looks_for(A2A3_CHECK_RACECHECK)) finding.is_consequence = 1;
        put(finding);
    }
    if (case_.records_flows) report_flows(questions, tables);
    const std::vector<a2a3_core_finding> inside = core_.findings();
    for (const a2a3_core_finding& finding : inside) tables.core_findings.push_back(finding);
    for (const a2a3_core_step& step : core_.steps()) tables.core_steps.push_back(step);
    sanitized.core_findings = static_cast<int64_t>(inside.size());
    sanitized.instructions = core_.instructions();
    sanitized.tasks = tasks_;
    sanitized.accesses =
        std::accumulate(std::begin(recorder_.accesses), std::end(recorder_.accesses), uint64_t{0});
    sanitized.bytes = bytes_;
    sanitized.blind_bytes = blind_bytes_;
    sanitized.undecided = undefined_.undecided();
    sanitized.exchanging = static_cast<int64_t>(exchanging_.size());
}

}  // namespace a2a3sim
