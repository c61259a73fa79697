#include "orders/shared_buffers.h"

#include <algorithm>
#include <tuple>

namespace a2a3sim {

namespace {

/// All of them, each with its task, in the order of tasks.
std::vector<SharedBuffer> touched_buffers(const Graph& graph, const DeviceMemory& memory,
                                          const std::vector<int32_t>& order,
                                          const DescribedBy& described_by) {
    std::vector<SharedBuffer> buffers(memory.buffer_count());
    for (size_t index = 0; index < buffers.size(); ++index) buffers[index].index = index;
    for (const int32_t id : order) {
        const TaskNode& task = graph.tasks[static_cast<size_t>(id)];
        for (size_t i = 0; i < task.num_args; ++i) {
            uint64_t begin = graph.args[task.first_arg + i];
            uint64_t end = UINT64_MAX;
            if (!memory.contains(begin)) {
                std::tie(begin, end) = described_by(begin);
                if (begin == end || !memory.contains(begin)) continue;
            }
            const ptrdiff_t found = memory.find(begin);
            if (found < 0) continue;
            const DeviceBuffer& buffer = memory.buffer(static_cast<size_t>(found));
            if (buffer.live == 0 || begin >= buffer.end()) continue;
            end = std::min<uint64_t>(end, buffer.end());
            std::vector<Touch>& touches = buffers[static_cast<size_t>(found)].touches;
            bool is_known = false;
            for (auto touch = touches.rbegin(); touch != touches.rend() && touch->task == id;
                 ++touch) {
                is_known |= touch->begin == begin && touch->end == end;
            }
            if (!is_known) touches.push_back({id, begin, end, end, buffer.begin});
        }
    }
    return buffers;
}

/// Whether there are two tasks that nothing orders: then there are two such neighbours.
bool has_unordered(const std::vector<Touch>& touches, Reachability& reachability) {
    for (size_t i = 1; i < touches.size(); ++i) {
        const int32_t before = touches[i - 1].task;
        const int32_t after = touches[i].task;
        if (before != after && !reachability.are_ordered(before, after)) return true;
    }
    return false;
}

void find_neighbours(SharedBuffer& buffer) {
    std::vector<uintptr_t> begins;
    for (const Touch& touch : buffer.touches) begins.push_back(touch.begin);
    std::sort(begins.begin(), begins.end());
    for (Touch& touch : buffer.touches) {
        const auto next = std::upper_bound(begins.begin(), begins.end(), touch.begin);
        if (next != begins.end()) touch.next = std::min(touch.end, *next);
        const auto same = std::lower_bound(begins.begin(), begins.end(), touch.begin);
        if (same != begins.begin()) touch.previous = *(same - 1);
    }
}

}  // namespace

std::vector<SharedBuffer> shared_buffers(const Graph& graph, const DeviceMemory& memory,
                                         const std::vector<int32_t>& order,
                                         Reachability& reachability,
                                         const DescribedBy& described_by,
                                         const std::vector<bool>& unchanged) {
    std::vector<SharedBuffer> buffers = touched_buffers(graph, memory, order, described_by);
    const auto is_harmless = [&](const SharedBuffer& buffer) {
        return !has_unordered(buffer.touches, reachability);
    };
    buffers.erase(std::remove_if(buffers.begin(), buffers.end(), is_harmless), buffers.end());
    for (SharedBuffer& buffer : buffers) {
        buffer.is_same = unchanged[buffer.index];
        find_neighbours(buffer);
    }
    return buffers;
}

}  // namespace a2a3sim
