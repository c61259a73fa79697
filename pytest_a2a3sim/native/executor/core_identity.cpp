#include "executor/core_identity.h"

#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>

#include "executor/gang.h"
#include "shared/control.h"
#include "tensors/intrinsic.h"

namespace a2a3sim {

namespace {

std::atomic<const Graph*> identified{nullptr};

struct Identity {
    uint32_t block;
    uint32_t sub_block;
    uint32_t sub_blocks;
    uint64_t task;  // not 0
};

uint64_t place(const Graph& graph, int32_t id, PlaceOfTask word) {
    const TaskNode& task = graph.tasks[static_cast<size_t>(id)];
    return task.has_place ? *(graph.args.data() + task.first_arg + word) : 0;
}

/// Of the task that the calling thread executes.
Identity identity() {
    const WorkerSlot* const worker = current_worker();
    const Graph* const graph = identified.load(std::memory_order_acquire);
    if (worker == nullptr || graph == nullptr) return {0, 0, 1, 1};
    const int32_t id = worker->task_id.load(std::memory_order_relaxed);
    if (id < 0 || id >= graph->task_count()) return {0, 0, 1, 1};
    const int32_t last = graph->last_of_gang(id);
    const int32_t first = graph->first_of_gang(last);
    const auto block = static_cast<uint32_t>(place(*graph, id, kBlockIndex));
    uint32_t highest = 0;
    for (int32_t other = first; other <= last; ++other) {
        if (place(*graph, other, kBlockIndex) != block) continue;
        highest = std::max(highest, static_cast<uint32_t>(place(*graph, other, kSubBlock)));
    }
    return {block, static_cast<uint32_t>(place(*graph, id, kSubBlock)), highest + 1,
            static_cast<uint64_t>(first) + 1};
}

/// Memory of the cluster of this core: the blocks of a gang have clusters of their own. A task by
/// itself has nobody to share it with; it finds what the last one on its thread has left there, as
/// it would on its core.
void* shared_memory(uint64_t key, size_t size) {
    if (Gang* const gang = Gang::current(); gang != nullptr) {
        return gang->shared_memory({identity().block, key}, size);
    }
    thread_local std::map<uint64_t, std::unique_ptr<char[]>> memory;
    std::unique_ptr<char[]>& own = memory[key];
    if (own == nullptr) own.reset(new char[size]());
    return own.get();
}

}  // namespace

}  // namespace a2a3sim

#define A2A3_OFFERED extern "C" __attribute__((visibility("default"), used))

A2A3_OFFERED uint32_t pto_sim_get_subblock_id() { return a2a3sim::identity().sub_block; }

A2A3_OFFERED void* pto_sim_get_pipe_shared_state(uint64_t pipe_key, size_t size) {
    return a2a3sim::shared_memory(pipe_key, size);
}

A2A3_OFFERED void pto_cpu_sim_get_execution_context(uint32_t* block, uint32_t* sub_block,
                                                    uint32_t* sub_blocks) {
    const a2a3sim::Identity identity = a2a3sim::identity();
    *block = identity.block;
    *sub_block = identity.sub_block;
    *sub_blocks = identity.sub_blocks;
}

A2A3_OFFERED uint64_t pto_cpu_sim_get_task_cookie() { return a2a3sim::identity().task; }

/// The key is text in PTO ISA until April 2026, whose kernels know no other memory to share; those
/// since then, with a std::string, ask for it only where the one by number is not to be had.
A2A3_OFFERED void* pto_cpu_sim_get_shared_storage(const char* key, size_t size) {
    return a2a3sim::shared_memory(std::hash<std::string>()(key), size);
}

namespace a2a3sim {

void offer_core_identity(void* handle) {
    // The engine is loaded as Python loads modules: its symbols are found by nobody else.
    [[maybe_unused]] static void* const made_global = [] {
        Dl_info self{};
        const bool is_known = dladdr(reinterpret_cast<void*>(pto_sim_get_subblock_id), &self) != 0;
        return is_known ? dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_GLOBAL) : nullptr;
    }();
    using Register = void (*)(void* get_subblock_id, void* get_pipe_shared_state);
    const auto register_hooks = reinterpret_cast<Register>(dlsym(handle, "pto_sim_register_hooks"));
    if (register_hooks == nullptr) return;
    register_hooks(reinterpret_cast<void*>(pto_sim_get_subblock_id),
                   reinterpret_cast<void*>(pto_sim_get_pipe_shared_state));
}

TasksIdentified::TasksIdentified(const Graph& graph) {
    identified.store(&graph, std::memory_order_release);
}

TasksIdentified::~TasksIdentified() { identified.store(nullptr, std::memory_order_release); }

}  // namespace a2a3sim
