#include "runtime/runtime_host.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/failure.h"
#include "faults/snapshot.h"
#include "runtime/host_pointers.h"
#include "shared/array_memory.h"

namespace a2a3sim {

namespace {

/// Why a task is refused; by its core type if its arguments are in order.
std::string problem_of_task(const uint64_t* args, int num_args) {
    if (num_args > RUNTIME_MAX_ARGS) return format("a task holds at most %d", RUNTIME_MAX_ARGS);
    if (num_args < 0) return "the number cannot be negative";
    if (num_args > 0 && args == nullptr) return "args is null";
    return "core_type is neither AIC nor AIV";
}

}  // namespace

void RuntimeHost::note(a2a3_failure kind, std::string message) {
    constexpr size_t kKept = 8;
    if (misuse_count_++ == 0) capture_frames(nullptr, control_.draft.snapshot);
    if (misuses_.size() < kKept) misuses_.push_back(Misuse{kind, std::move(message)});
}

void* RuntimeHost::allocate(size_t size, const void* caller) {
    void* const address = memory_.allocate(size, ++malloc_calls_, caller);
    a2a3_ending& ending = control_.draft;
    ending.device_bytes_live = memory_.live_bytes();
    if (address != nullptr && static_cast<int64_t>(memory_.buffer_count()) - 1 == described_) {
        ending.use.call = malloc_calls_;
        ending.use.size = size;
        capture_frames(nullptr, ending.use.allocation);
    }
    if (address == nullptr && ending.refused_call == 0) {
        ending.refused_bytes = size;
        ending.refused_call = malloc_calls_;
        std::fprintf(stderr,
                     "[ERROR] device_malloc(%zu): the device is full (%zu of %zu bytes are "
                     "allocated; --sim-device-memory)\n",
                     size, memory_.live_bytes(), memory_.capacity());
    }
    return address;
}

void RuntimeHost::free(void* address) {
    const std::string problem = memory_.free(address);
    if (!problem.empty()) note(A2A3_FAILURE_ORCHESTRATION, problem);
}

int RuntimeHost::add_task(const uint64_t* args, int num_args, int func_id, CoreType core_type,
                          const void* caller) {
    const bool args_fit =
        num_args >= 0 && num_args <= RUNTIME_MAX_ARGS && (num_args == 0 || args != nullptr);
    if (!args_fit || (core_type != CoreType::AIC && core_type != CoreType::AIV)) {
        note(A2A3_FAILURE_GRAPH, format("add_task for func_id %d with %d arguments returned -1: %s "
                                        "(%d tasks added before it)",
                                        func_id, num_args, problem_of_task(args, num_args).c_str(),
                                        graph_.task_count()));
        return -1;
    }
    note_submitter(caller);
    return graph_.add_task(args, num_args, func_id, core_type);
}

void RuntimeHost::add_successor(const char* call, int from, int to) {
    if (graph_.has_task(from) && graph_.has_task(to)) {
        graph_.add_successor(from, to);
        return;
    }
    const int unknown = graph_.has_task(from) ? to : from;
    note(A2A3_FAILURE_GRAPH,
         format("%s(%d, %d): there is no task %d; tasks added so far: %d%s", call, from, to,
                unknown, graph_.task_count(),
                unknown == -1 ? " (-1 is what a failed add_task returns)" : ""));
}

void* RuntimeHost::place_tensor(const HostTensor& tensor) {
    void* const address = allocate(tensor.nbytes, nullptr);
    if (address == nullptr) {
        throw CaseFailure(
            A2A3_FAILURE_ORCHESTRATION,
            format("the device is full: there is no memory for the %zu bytes of tensor '%s' "
                   "(--sim-device-memory)",
                   tensor.nbytes, tensor.name.c_str()));
    }
    copy(true, address, tensor.data, tensor.nbytes);
    if (tensor.is_output) pairs_.push_back(TensorPair{tensor.data, address, tensor.nbytes});
    return address;
}

void RuntimeHost::fill(void* address, size_t size, uint64_t value, size_t unit) {
    std::vector<char> bytes(size);
    for (size_t i = 0; i + unit <= size; i += unit) std::memcpy(&bytes[i], &value, unit);
    memory_.copy_in(address, bytes.data(), size);
    copied_.push_back({reinterpret_cast<uintptr_t>(address), size, -1, 0, true});
}

void RuntimeHost::write(void* address, size_t size, uint64_t bits) {
    memory_.copy_in(address, &bits, size);
    copied_.push_back({reinterpret_cast<uintptr_t>(address), size, -1, 0, true});
}

void RuntimeHost::write_later(uint64_t address, size_t size, uint64_t bits) {
    graph_.write(address, bits, size);
    copied_.push_back({address, size, -1, 0, true});
}

int RuntimeHost::copy(bool to_device, const void* dev, const void* host, size_t size) {
    if (size == 0) return 0;
    std::string problem = memory_.check_range(dev, size);
    if (problem.empty()) problem = check_host_range(window_, tensors_, host, size, !to_device);
    if (!problem.empty()) {
        const char* const call = to_device ? "copy_to_device" : "copy_from_device";
        const char* const order = to_device ? "(dev, host, size)" : "(host, dev, size)";
        problem = if_swapped(memory_, tensors_, {dev, host, order}, problem);
        note(A2A3_FAILURE_ORCHESTRATION, format("%s: %s", call, problem.c_str()));
        return -1;
    }
    // Of memory that is not known to be there, the calling thread is to be the one that faults.
    const int threads = window_.contains(host) ? memory_.threads() : 1;
    if (to_device) {
        if (described_ >= 0) note_copy(dev, host, size);
        copy_in(const_cast<void*>(dev), host, size, threads);
        copied_.push_back(copy_of(dev, host, size, true));
    } else {
        memory_.copy_out(const_cast<void*>(host), dev, size, threads);
    }
    return 0;
}

void RuntimeHost::copy_in(void* dev, const void* host, size_t size, int threads) {
    const auto move = [&](char* pages) {
        return window_.move_input(static_cast<const char*>(host), size, pages);
    };
    if (size >= kLargeArray && memory_.replace(dev, size, kCopied, move)) return;
    memory_.copy_in(dev, host, size, threads);
}

/// Whether no other pair is of the same tensor.
bool RuntimeHost::is_only_one(const TensorPair& pair) const {
    const int tensor = find_tensor(tensors_, pair.host_ptr);
    return std::count_if(pairs_.begin(), pairs_.end(), [&](const TensorPair& other) {
               return find_tensor(tensors_, other.host_ptr) == tensor;
           }) == 1;
}

void RuntimeHost::place_outputs() {
    for (const TensorPair& pair : pairs_) {
        const bool is_possible =
            pair.size >= kLargeArray && is_only_one(pair) &&
            memory_.check_range(pair.dev_ptr, pair.size).empty() &&
            std::none_of(placed_.begin(), placed_.end(),
                         [&](const TensorPair& other) { return other.dev_ptr == pair.dev_ptr; });
        const auto move = [&](char* pages) {
            return window_.move_output(static_cast<const char*>(pair.host_ptr), pair.size, pages);
        };
        if (is_possible && memory_.replace(pair.dev_ptr, pair.size, kNothing, move)) {
            placed_.push_back(pair);
        }
    }
}

bool RuntimeHost::is_placed(const TensorPair& pair) const {
    return std::any_of(placed_.begin(), placed_.end(),
                       [&](const TensorPair& placed) { return placed.host_ptr == pair.host_ptr; });
}

DeviceCopy RuntimeHost::copy_of(const void* dev, const void* host, size_t size,
                                bool to_device) const {
    const int tensor = find_tensor(tensors_, host);
    uint64_t offset = 0;
    if (tensor >= 0) {
        const char* const begin = tensors_[static_cast<size_t>(tensor)].data;
        offset = static_cast<uint64_t>(static_cast<const char*>(host) - begin);
    }
    return {reinterpret_cast<uintptr_t>(dev), size, tensor, offset, to_device};
}

std::vector<DeviceCopy> RuntimeHost::copies() const {
    std::vector<DeviceCopy> all = copied_;
    for (const TensorPair& pair : pairs_) {
        all.push_back(copy_of(pair.dev_ptr, pair.host_ptr, pair.size, false));
    }
    return all;
}

void RuntimeHost::note_copy(const void* dev, const void* host, size_t size) {
    a2a3_buffer_use& use = control_.draft.use;
    const int tensor = find_tensor(tensors_, host);
    if (tensor >= 0 && tensor < 64) use.tensors |= uint64_t{1} << tensor;
    if (static_cast<int64_t>(memory_.buffer_at(dev)) == described_) use.copied += size;
}

void RuntimeHost::describe_tasks(const Graph& graph, const KernelTable& kernels,
                                 a2a3_buffer_use& use) const {
    std::fill_n(use.tasks, A2A3_FIRST_TASKS, -1);
    if (use.call == 0) return;
    const DeviceBuffer& buffer = memory_.buffer(static_cast<size_t>(described_));
    for (int32_t id = 0; id < graph.task_count(); ++id) {
        const TaskNode& task = graph.tasks[static_cast<size_t>(id)];
        const uint64_t* const args = graph.args.data() + task.first_arg;
        if (std::none_of(args, args + task.num_args,
                         [&](uint64_t value) { return value - buffer.begin < buffer.size; })) {
            continue;
        }
        if (use.task_count < A2A3_FIRST_TASKS) {
            use.tasks[use.task_count] = id;
            use.func_ids[use.task_count] = kernels[task.kernel].func_id;
        }
        ++use.task_count;
    }
}

void RuntimeHost::check(int returned) const {
    if (!misuses_.empty()) {
        std::string message = misuses_.front().message;
        for (size_t i = 1; i < misuses_.size(); ++i) message += "\n" + misuses_[i].message;
        if (misuse_count_ > misuses_.size()) {
            message += format("\n... and %zu more", misuse_count_ - misuses_.size());
        }
        if (returned != 0) message += format("\nthe orchestration returned %d", returned);
        throw CaseFailure(misuses_.front().kind, message);
    }
    if (returned != 0) {
        throw CaseFailure(
            A2A3_FAILURE_ORCHESTRATION,
            format("the orchestration returned %d (0 means success) after adding %d tasks",
                   returned, graph_.task_count()));
    }
    if (graph_.task_count() == 0) {
        throw CaseFailure(A2A3_FAILURE_ORCHESTRATION,
                          "the orchestration returned 0 but added no task");
    }
}

}  // namespace a2a3sim
