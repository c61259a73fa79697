// Single parts of what a simulating process tells its parent, each checked against what it can be.
#pragma once

#include <vector>

#include "graph/graph.h"
#include "isolation/simulation.h"

namespace a2a3sim {

/// The phase that the case says it is in; A2A3_PHASE_START if there is no such.
a2a3_phase read_phase(const Control& control) noexcept;

/// How many workers the case says it has, at most as many as there can be.
int32_t read_worker_count(const Control& control) noexcept;

/// A number that changes whenever the case gets on.
uint64_t read_progress(const Control& control) noexcept;

/// Tasks that have finished, at most as many as there are, and those that run.
void read_progress(const Control& control, const KernelTable& kernels,
                   a2a3_progress& progress) noexcept;

/// Whether `to` got what `from` has; else it is empty.
bool copy_snapshot(const a2a3_snapshot& from, a2a3_snapshot& to) noexcept;

/// Whether `to` got each of the times that `from` has; those that are not possible stay 0.
bool copy_phase_seconds(const a2a3_ending& from, double most, a2a3_ending& to) noexcept;

/// The case's kernels, which the parent has not loaded. Throws std::bad_alloc.
KernelTable kernels_of(const CaseDescription& description);

/// Whether a device of `block_dim` blocks has the core.
bool is_core(int block_dim, int32_t type, int32_t id) noexcept;

bool is_possible(const a2a3_copied_range& range, const std::vector<HostTensor>& tensors) noexcept;
bool is_possible(const a2a3_object& object) noexcept;
/// An order of two tasks, or none.
bool is_possible(const a2a3_order& order, int64_t tasks) noexcept;
bool is_possible(const a2a3_dependency& dependency, int64_t tasks, size_t tensors) noexcept;
bool is_possible(const a2a3_flow& flow, int64_t tasks, size_t buffers, size_t tensors) noexcept;
bool is_possible(const a2a3_core_step& step) noexcept;
bool is_possible(const a2a3_core_finding& finding, int64_t tasks, size_t steps) noexcept;
bool is_possible(const a2a3_finding& finding, int64_t tasks, size_t buffers,
                 const std::vector<HostTensor>& tensors) noexcept;
bool is_possible(const a2a3_buffer_use& use, int64_t tasks, const KernelTable& kernels) noexcept;
bool is_possible(const a2a3_description& description, const std::vector<DeviceBuffer>& buffers,
                 const std::vector<HostTensor>& tensors) noexcept;
bool is_possible(const a2a3_dumped_range& range, uint64_t limit,
                 const std::vector<DeviceBuffer>& buffers, size_t descriptions) noexcept;
bool is_possible(const a2a3_dumped_task& task, int64_t tasks, const KernelTable& kernels,
                 size_t ranges) noexcept;
bool are_possible(const std::vector<DeviceBuffer>& buffers) noexcept;

}  // namespace a2a3sim
