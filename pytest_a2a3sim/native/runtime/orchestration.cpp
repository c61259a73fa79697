#include "runtime/orchestration.h"

#include <dlfcn.h>

#include <algorithm>

#include "base/failure.h"

namespace a2a3sim {

namespace {

constexpr char kIncludeIt[] =
    "the orchestration does not include pto_orchestration_api.h, or has no "
    "aicpu_orchestration_entry of one of these forms: (uint64_t* args, int count, int threads, int "
    "thread); the same after PTO2Runtime* rt; (PTO2Runtime* rt, uint64_t* args, int count)";

template <typename T>
T* find_symbol(void* object, const char* name) {
    return reinterpret_cast<T*>(dlsym(object, name));
}

}  // namespace

Orchestration::Orchestration(const Entry& entry, RuntimeHost& host,
                             const std::vector<a2a3_argument>& args,
                             const std::vector<HostTensor>& tensors, const a2a3_ring& ring_sizes)
    : entry_(entry), host_(host), args_(args), tensors_(tensors) {
    if (entry.runtime == A2A3_RUNTIME_HOST_BUILD_GRAPH) return;
    const bool derives = entry.runtime == A2A3_RUNTIME_TENSORMAP_AND_RINGBUFFER;
    tensor_runtime_.emplace(
        host, derives ? TensorRuntime::Dependencies::kDerived : TensorRuntime::Dependencies::kGiven,
        ring_sizes);
    PTO2Runtime** const runtime = find_symbol<PTO2Runtime*>(entry.object, "a2a3sim_runtime");
    if (runtime == nullptr) throw CaseFailure(A2A3_FAILURE_LOAD, kIncludeIt);
    *runtime = &tensor_runtime_->runtime();
}

void Orchestration::run() {
    if (tensor_runtime_) {
        run_with_tensors();
    } else {
        run_host_build_graph();
    }
}

void Orchestration::run_host_build_graph() {
    using Function = int (*)(Runtime* runtime, uint64_t* args, int arg_count);
    std::vector<uint64_t> args;
    for (const a2a3_argument& arg : args_) args.push_back(arg.bits);
    const auto function = reinterpret_cast<Function>(entry_.function);
    host_.check(function(&host_.runtime(), args.data(), static_cast<int>(args.size())));
}

void Orchestration::run_with_tensors() {
    std::vector<uint64_t> args = tensor_runtime_->place_arguments(args_, tensors_);
    const int count = static_cast<int>(args.size());
    using Config = PTO2OrchestrationConfig(uint64_t*, int);
    if (Config* const config = find_symbol<Config>(entry_.object, "aicpu_orchestration_config")) {
        const int expected = config(args.data(), count).expected_arg_count;
        if (count < expected) {
            throw CaseFailure(
                A2A3_FAILURE_ORCHESTRATION,
                format("the orchestration gets %d arguments, and its aicpu_orchestration_config "
                       "expects %d: one for each entry that generate_inputs returns",
                       count, expected));
        }
    }
    const int* const kind = find_symbol<int>(entry_.object, "a2a3sim_entry_kind");
    PTO2Runtime* const runtime = &tensor_runtime_->runtime();
    switch (kind == nullptr ? 0 : *kind) {
        case kEntryOfThreads:
            find_symbol<void(uint64_t*, int, int, int)>(entry_.object, "aicpu_orchestration_entry")(
                args.data(), count, 1, 0);
            break;
        case kEntryOfRuntimeAndThreads:
            find_symbol<void(PTO2Runtime*, uint64_t*, int, int, int)>(
                entry_.object, "aicpu_orchestration_entry")(runtime, args.data(), count, 1, 0);
            break;
        case kEntryOfRuntime:
            find_symbol<void(PTO2Runtime*, uint64_t*, int)>(
                entry_.object, "aicpu_orchestration_entry")(runtime, args.data(), count);
            break;
        default:
            throw CaseFailure(A2A3_FAILURE_LOAD, kIncludeIt);
    }
    tensor_runtime_->protect_descriptors();
    host_.check(0);
}

void Orchestration::note_rings(a2a3_ring* rings) const {
    if (!tensor_runtime_) return;
    const auto& uses = tensor_runtime_->rings().uses();
    std::copy(uses.begin(), uses.end(), rings);
}

}  // namespace a2a3sim
