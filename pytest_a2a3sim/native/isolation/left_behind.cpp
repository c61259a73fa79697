#include "isolation/left_behind.h"

#include <algorithm>
#include <cstring>

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

bool copy_snapshot(const a2a3_snapshot& from, a2a3_snapshot& to) noexcept {
    to = from;
    if (to.arg_count >= 0 && to.arg_count <= A2A3_MOST_ARGS && to.frame_count >= 0 &&
        to.frame_count <= A2A3_MOST_FRAMES) {
        return true;
    }
    to = a2a3_snapshot{};
    return false;
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
