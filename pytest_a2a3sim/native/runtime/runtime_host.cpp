#include "runtime/runtime_host.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "base/failure.h"
#include "faults/snapshot.h"
#include "runtime/host_pointers.h"

namespace a2a3sim {

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
    if (to_device) {
        if (described_ >= 0) note_copy(dev, host, size);
        memory_.copy_in(const_cast<void*>(dev), host, size);
        copied_.push_back(copy_of(dev, host, size, true));
    } else {
        memory_.copy_out(const_cast<void*>(host), dev, size);
    }
    return 0;
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
