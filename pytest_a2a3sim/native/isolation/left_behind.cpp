#include "isolation/left_behind.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "executor/pair_order.h"
#include "runtime/descriptions.h"

namespace a2a3sim {

a2a3_phase read_phase(const Control& control) noexcept {
    const int32_t phase = control.report->phase.load(std::memory_order_acquire);
    return phase >= 0 && phase < A2A3_PHASE_COUNT ? static_cast<a2a3_phase>(phase)
                                                  : A2A3_PHASE_START;
}

int32_t read_worker_count(const Control& control) noexcept {
    return std::clamp(control.live->worker_count.load(std::memory_order_acquire), 0, kMaxWorkers);
}

uint64_t read_progress(const Control& control) noexcept {
    const Live& live = *control.live;
    uint64_t total = live.orchestration_calls.load(std::memory_order_relaxed) +
                     static_cast<uint64_t>(read_phase(control));
    const int32_t count = read_worker_count(control);
    for (int32_t i = 0; i < count; ++i) {
        total += live.workers[i].events.load(std::memory_order_relaxed);
    }
    return total;
}

void read_progress(const Control& control, const KernelTable& kernels,
                   a2a3_progress& progress) noexcept {
    uint64_t finished = 0;
    progress.running = 0;
    const int32_t count = read_worker_count(control);
    for (int32_t i = 0; i < count; ++i) {
        const WorkerSlot& slot = control.live->workers[i];
        finished += slot.events.load(std::memory_order_relaxed) / 2;  // starts and ends
        if (slot.task_id.load(std::memory_order_acquire) < 0) continue;
        const int32_t func_id = slot.func_id.load(std::memory_order_relaxed);
        if (kernels.find(func_id) < 0) continue;
        if (progress.running < A2A3_FIRST_TASKS) progress.func_ids[progress.running] = func_id;
        ++progress.running;
    }
    progress.finished =
        static_cast<int64_t>(std::min(finished, static_cast<uint64_t>(progress.task_count)));
}

bool copy_snapshot(const a2a3_snapshot& from, a2a3_snapshot& to) noexcept {
    to = from;
    if (to.arg_count >= 0 && to.arg_count <= A2A3_MOST_ARGS && to.frame_count >= 0 &&
        to.frame_count <= A2A3_MOST_FRAMES) {
        return true;
    }
    to = a2a3_snapshot{};
    return false;
}

bool copy_phase_seconds(const a2a3_ending& from, double most, a2a3_ending& to) noexcept {
    bool possible = true;
    for (int i = 0; i < A2A3_PHASE_COUNT; ++i) {
        const double seconds = from.phase_seconds[i];
        const bool holds = seconds >= 0 && seconds <= most;  // not if it is a NaN
        if (holds) to.phase_seconds[i] = seconds;
        possible &= holds;
    }
    return possible;
}

KernelTable kernels_of(const CaseDescription& description) {
    std::vector<Kernel> kernels;
    kernels.reserve(description.kernels.size());
    for (const ObjectSymbol& object : description.kernels) {
        kernels.push_back(Kernel{object.name, nullptr, object.func_id, CoreType::AIC});
    }
    return KernelTable(std::move(kernels));
}

bool is_core(int block_dim, int32_t type, int32_t id) noexcept {
    if (type != A2A3_CORE_AIC && type != A2A3_CORE_AIV) return false;
    return id >= 0 && id < block_dim * (type == A2A3_CORE_AIV ? kAivPerBlock : 1);
}

bool is_possible(const a2a3_copied_range& range, const std::vector<HostTensor>& tensors) noexcept {
    if (range.tensor < 0 || static_cast<uint64_t>(range.tensor) >= tensors.size()) return false;
    const size_t nbytes = tensors[static_cast<size_t>(range.tensor)].nbytes;
    return range.offset <= nbytes && range.size <= nbytes - range.offset &&
           range.changed <= range.size && range.buffer >= 0;
}

bool is_possible(const a2a3_buffer_use& use, int64_t tasks, const KernelTable& kernels) noexcept {
    if (use.call < 0 || use.task_count < 0 || use.task_count > tasks) return false;
    a2a3_snapshot frames;
    if (!copy_snapshot(use.allocation, frames)) return false;
    for (int64_t i = 0; i < std::min<int64_t>(use.task_count, A2A3_FIRST_TASKS); ++i) {
        if (use.tasks[i] < 0 || use.tasks[i] >= tasks || kernels.find(use.func_ids[i]) < 0) {
            return false;
        }
    }
    return true;
}

bool is_possible(const a2a3_object& object) noexcept {
    return object.begin < object.end && object.bias <= object.begin && object.path[0] != '\0' &&
           std::memchr(object.path, '\0', sizeof object.path) != nullptr;
}

bool is_possible(const a2a3_order& order, int64_t tasks) noexcept {
    if (order.schedule == 0 && order.seed == 0) return true;
    const TaskPair pair(order.seed);
    const auto is_task = [&](int32_t id) { return id >= 0 && id < tasks; };
    return order.schedule == A2A3_SCHEDULE_BEFORE && is_task(pair.first) && is_task(pair.second) &&
           pair.first != pair.second;
}

bool is_possible(const a2a3_dependency& dependency, int64_t tasks, size_t tensors) noexcept {
    const auto are_tasks = [&](int64_t first, int64_t count) {
        return first >= 0 && count >= 0 && first + count <= tasks;
    };
    return dependency.kind >= 0 && dependency.kind < A2A3_DEPENDENCY_COUNT &&
           are_tasks(dependency.source, dependency.source_count) &&
           are_tasks(dependency.target, dependency.target_count) && dependency.tensor >= -1 &&
           dependency.tensor < static_cast<int64_t>(tensors) && dependency.buffer >= -1 &&
           dependency.ndims <= A2A3_TENSOR_DIMS;
}

bool is_possible(const a2a3_flow& flow, int64_t tasks, size_t buffers, size_t tensors) noexcept {
    return flow.tensor >= -1 && flow.tensor < static_cast<int64_t>(tensors) &&
           flow.kind >= A2A3_FINDING_RAW && flow.kind <= A2A3_FINDING_WAW &&
           flow.source >= A2A3_FLOW_NOBODY && flow.source < tasks && flow.to >= A2A3_FLOW_HOST &&
           flow.to < tasks && flow.buffer >= 0 && static_cast<size_t>(flow.buffer) < buffers &&
           flow.unread_bytes <= flow.bytes;
}

bool is_possible(const a2a3_finding& finding, int64_t tasks, size_t buffers,
                 const std::vector<HostTensor>& tensors) noexcept {
    const auto is_task = [&](int64_t id, int64_t least) { return id >= least && id < tasks; };
    const bool is_race = finding.check == A2A3_CHECK_RACECHECK;
    const bool check =
        is_race || finding.check == A2A3_CHECK_MEMCHECK || finding.check == A2A3_CHECK_INITCHECK;
    const bool kind = finding.kind >= A2A3_FINDING_RAW && finding.kind <= A2A3_FINDING_UNDEFINED &&
                      is_race == (finding.kind <= A2A3_FINDING_WAW);
    const bool place =
        finding.place >= A2A3_PLACE_UNKNOWN && finding.place <= A2A3_PLACE_NEAR_TENSOR;
    const bool is_in = finding.buffer >= -1 && finding.buffer < static_cast<int64_t>(buffers) &&
                       finding.tensor >= -1 &&
                       finding.tensor < static_cast<int64_t>(tensors.size());
    return check && kind && place && is_in && is_task(finding.tasks[0], 0) &&
           (is_race ? is_task(finding.tasks[1], 0) : finding.tasks[1] == -1) &&
           is_task(finding.writer, -1) && finding.bytes <= finding.span &&
           (finding.is_consequence == 0 || finding.is_consequence == 1);
}

bool is_possible(const a2a3_core_step& step) noexcept {
    return step.kind >= A2A3_CORE_STEP_INSTRUCTION && step.kind <= A2A3_CORE_STEP_SKIPPED &&
           std::memchr(step.name, '\0', sizeof step.name) != nullptr;
}

bool is_possible(const a2a3_core_finding& finding, int64_t tasks, size_t steps) noexcept {
    const bool check =
        finding.check == A2A3_CHECK_RACECHECK || finding.check == A2A3_CHECK_MEMCHECK ||
        finding.check == A2A3_CHECK_INITCHECK || finding.check == A2A3_CHECK_SYNCCHECK;
    const bool kind = finding.kind >= A2A3_CORE_FINDING_RAW &&
                      finding.kind <= A2A3_CORE_FINDING_UNINITIALIZED && finding.space >= -1 &&
                      finding.space <= A2A3_SPACE_GM;
    const auto is_step = [&](int64_t step, int64_t least) {
        return step >= least && step < static_cast<int64_t>(steps);
    };
    const bool shown =
        finding.step_count >= 0 && finding.first_step >= 0 &&
        static_cast<size_t>(finding.first_step) <= steps &&
        static_cast<size_t>(finding.step_count) <= steps - static_cast<size_t>(finding.first_step);
    return check && kind && shown && finding.task >= 0 && finding.task < tasks &&
           (finding.is_consequence == 0 || finding.is_consequence == 1) && finding.tasks > 0 &&
           finding.tasks <= tasks && is_step(finding.steps[0], 0) && is_step(finding.steps[1], -1);
}

namespace {

/// Whether a live or freed buffer has these bytes.
template <typename Range>
bool is_in_buffer(const Range& range, const std::vector<DeviceBuffer>& buffers) noexcept {
    if (range.buffer < 0 || static_cast<uint64_t>(range.buffer) >= buffers.size()) return false;
    const size_t size = buffers[static_cast<size_t>(range.buffer)].size;
    return range.offset <= size && range.size <= size - range.offset;
}

/// Whether an array holds a text that is not empty, and its end.
template <size_t N>
bool is_text(const char (&text)[N]) noexcept {
    return text[0] != '\0' && std::memchr(text, '\0', N) != nullptr &&
           std::all_of(text, text + strnlen(text, N),
                       [](char letter) { return letter >= ' ' && letter <= '~'; });
}

}  // namespace

bool is_possible(const a2a3_description& description, const std::vector<DeviceBuffer>& buffers,
                 const std::vector<HostTensor>& tensors) noexcept {
    if (!is_in_buffer(description, buffers)) return false;
    if (description.tensor >= 0) {
        return static_cast<size_t>(description.tensor) < tensors.size() &&
               description.size == tensors[static_cast<size_t>(description.tensor)].nbytes;
    }
    if (!is_text(description.name) || !is_text(description.dtype) || description.dimensions < 0 ||
        description.dimensions > A2A3_MOST_DIMENSIONS) {
        return false;
    }
    uint64_t size = size_of_dtype(description.dtype);
    for (int axis = 0; axis < description.dimensions; ++axis) {
        if (__builtin_mul_overflow(size, description.shape[axis], &size)) return false;
    }
    return size > 0 && size == description.size;
}

bool is_possible(const a2a3_dumped_range& range, uint64_t limit,
                 const std::vector<DeviceBuffer>& buffers, size_t descriptions) noexcept {
    const auto is_in_file = [&](int64_t position) {
        if (position < 0) return position == -1;
        return range.size <= limit && static_cast<uint64_t>(position) <= limit - range.size;
    };
    return is_in_buffer(range, buffers) && is_in_file(range.found) && is_in_file(range.left) &&
           range.description >= -1 && range.description < static_cast<int64_t>(descriptions) &&
           (range.changed == 0 || range.changed == 1);
}

bool is_possible(const a2a3_dumped_task& task, int64_t tasks, const KernelTable& kernels,
                 size_t ranges) noexcept {
    return task.task >= 0 && task.task < tasks && kernels.find(task.func_id) >= 0 &&
           task.arg_count >= 0 && task.arg_count <= A2A3_MOST_ARGS &&
           (task.finished == 0 || task.finished == 1) &&
           std::all_of(
               task.ranges, task.ranges + task.arg_count,
               [&](int64_t range) { return range >= -1 && range < static_cast<int64_t>(ranges); });
}

bool are_possible(const std::vector<DeviceBuffer>& buffers) noexcept {
    constexpr uint64_t kMost = UINT64_MAX / 4;
    uint64_t last = 0;
    for (const DeviceBuffer& buffer : buffers) {
        if (buffer.begin <= last || buffer.begin > kMost || buffer.size > kMost ||
            buffer.live > 1) {
            return false;
        }
        last = buffer.begin + std::max<uint64_t>(buffer.size, 1) - 1;
    }
    return true;
}

}  // namespace a2a3sim
