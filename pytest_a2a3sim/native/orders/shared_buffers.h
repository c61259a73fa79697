// Buffers that tasks have in common which the graph does not order, by the tasks' arguments.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "device/device_memory.h"
#include "graph/graph.h"
#include "graph/reachability.h"

namespace a2a3sim {

/// Device memory in which a task begins to read or write, as one of its arguments says.
struct Touch {
    int32_t task;
    uintptr_t begin;
    uintptr_t end;       // of what the task may have got: it need not use all of it
    uintptr_t next;      // the next address in the buffer that a task has got, or its end
    uintptr_t previous;  // the one before, or where the buffer begins
};

struct SharedBuffer {
    size_t index;  // in the device's memory
    bool is_same;  // it holds what it held before kernels ran
    std::vector<Touch> touches;
};

/// The memory that an argument is a descriptor of, as a begin and an end; two zeros: it is none.
using DescribedBy = std::function<std::pair<uint64_t, uint64_t>(uint64_t argument)>;

/// Those in which at least two tasks begin that nothing orders. Touches follow one another as in
/// `order`; `unchanged` tells of each buffer of the memory what `is_same` does.
std::vector<SharedBuffer> shared_buffers(const Graph& graph, const DeviceMemory& memory,
                                         const std::vector<int32_t>& order,
                                         Reachability& reachability,
                                         const DescribedBy& described_by,
                                         const std::vector<bool>& unchanged);

}  // namespace a2a3sim
