#include "isolation/copy_back.h"

#include "base/failure.h"
#include "base/memory.h"
#include "isolation/orders.h"
#include "runtime/host_pointers.h"

namespace a2a3sim {

namespace {

uint64_t differing_bytes(const void* a, const void* b, size_t size) {
    const auto* const first = static_cast<const uint8_t*>(a);
    const auto* const second = static_cast<const uint8_t*>(b);
    uint64_t count = 0;
    for (size_t i = 0; i < size; ++i) count += first[i] != second[i];
    return count;
}

}  // namespace

void place_outputs(RuntimeHost& host, const CaseDescription& description) {
    const auto tasks = static_cast<size_t>(host.graph().task_count());
    const bool is_observed =
        description.is_sanitized() || description.dump.is_wanted() || description.records_arguments;
    if (description.isolate && !is_observed &&
        !FurtherOrders::are_possible(description, host.memory(), tasks)) {
        host.place_outputs();
    }
}

void copy_back(const RuntimeHost& host, const CaseDescription& description,
               SharedTable<a2a3_copied_range>& copied) {
    const std::vector<HostTensor>& tensors = description.tensors;
    for (const TensorPair& pair : host.tensor_pairs()) {
        const std::string problem = host.memory().check_range(pair.dev_ptr, pair.size);
        if (!problem.empty()) {
            throw CaseFailure(A2A3_FAILURE_ORCHESTRATION, "copy back of a tensor pair: " + problem);
        }
        const int index = find_tensor(tensors, pair.host_ptr);
        if (index >= 0) {
            const char* const begin = tensors[static_cast<size_t>(index)].data;
            const auto offset = static_cast<uint64_t>(static_cast<char*>(pair.host_ptr) - begin);
            const uint64_t changed = description.window->is_private(begin)
                                         ? differing_bytes(begin + offset, pair.dev_ptr, pair.size)
                                         : 0;
            copied.push_back(
                a2a3_copied_range{index, offset, pair.size, changed,
                                  static_cast<int64_t>(host.memory().buffer_at(pair.dev_ptr))});
        }
        if (host.is_placed(pair)) continue;
        const int threads = index >= 0 ? host.memory().threads() : 1;
        copy_on_threads(pair.host_ptr, pair.dev_ptr, pair.size, threads);
    }
}

}  // namespace a2a3sim
