#include "runtime/orchestration.h"

#include <dlfcn.h>

#include <algorithm>

#include "base/failure.h"

namespace a2a3sim {

namespace {

constexpr char kIncludeIt[] =
    "the orchestration does not include pto_orchestration_api.h, or has no "
    "aicpu_orchestration_entry of one of these forms: (const ChipTaskArgs& args); (uint64_t* args, "
    "int count, int threads, int thread); either after PTO2Runtime* rt; (PTO2Runtime* rt, "
    "uint64_t* "
    "args, int count)";

template <typename T>
T* find_symbol(void* object, const char* name) {
    return reinterpret_cast<T*>(dlsym(object, name));
}

}  // namespace

Orchestration::Orchestration(const Entry& entry, RuntimeHost& host,
                             const std::vector<a2a3_argument>& args,
                             const std::vector<HostTensor>& tensors, const Options& options)
    : entry_(entry), host_(host), args_(args), tensors_(tensors) {
    PTO2Runtime** const runtime = find_symbol<PTO2Runtime*>(entry.object, "a2a3sim_runtime");
    const bool is_on_host = entry.runtime == A2A3_RUNTIME_HOST_BUILD_GRAPH;
    if (runtime == nullptr && is_on_host) return;  // it includes runtime.h
    const bool given = entry.runtime == A2A3_RUNTIME_AICPU_BUILD_GRAPH;
    if (runtime == nullptr && given &&
        dlsym(entry.object, "a2a3sim_builds_with_table") != nullptr) {
        aicpu_build_.emplace(host);  // it includes runtime.h
        return;
    }
    if (runtime == nullptr) throw CaseFailure(A2A3_FAILURE_LOAD, kIncludeIt);
    using Dependencies = TensorRuntime::Dependencies;
    using Side = TensorRuntime::Side;
    tensor_runtime_.emplace(
        host,
        TensorRuntime::Options{given ? Dependencies::kGiven : Dependencies::kDerived,
                               is_on_host ? Side::kHost : Side::kDevice, options.ring_sizes,
                               options.block_dim, options.records_dependencies, options.run_ahead});
    *runtime = &tensor_runtime_->runtime();
}

int Orchestration::entry_kind() const {
    const int* const kind = find_symbol<int>(entry_.object, "a2a3sim_entry_kind");
    return kind == nullptr ? 0 : *kind;
}

void Orchestration::run() {
    if (tensor_runtime_) {
        run_with_tensors();
    } else if (aicpu_build_) {
        aicpu_build_->run(entry_.function, args_, tensors_);
    } else {
        run_host_build_graph();
    }
}

void Orchestration::run_with_host_tensors() {
    using Function = int (*)(Runtime* runtime, const ChipTaskArgs& args);
    EntryArguments arguments;
    for (const a2a3_argument& arg : args_) {
        if (arg.tensor < 0) {
            arguments.add_scalar(arg.bits);
        } else {
            arguments.add_tensor(tensors_[static_cast<size_t>(arg.tensor)], arg.bits);
        }
    }
    const auto function = reinterpret_cast<Function>(entry_.function);
    host_.check(function(&host_.runtime(), arguments.view()));
}

void Orchestration::run_host_build_graph() {
    if (entry_kind() == kEntryOfHostTensors) return run_with_host_tensors();
    using Function = int (*)(Runtime* runtime, uint64_t* args, int arg_count);
    std::vector<uint64_t> args;
    for (const a2a3_argument& arg : args_) args.push_back(arg.bits);
    const auto function = reinterpret_cast<Function>(entry_.function);
    host_.check(function(&host_.runtime(), args.data(), static_cast<int>(args.size())));
}

void Orchestration::run_with_tensors() {
    try {
        call_with_tensors();
    } catch (...) {
        // After a refused call the author's code goes on with what it did not get.
        if (host_.has_misuse()) host_.check(0);
        throw;
    }
    tensor_runtime_->protect_descriptors();
    host_.check(0);
}

void Orchestration::call_with_tensors() {
    EntryArguments placed = tensor_runtime_->place_arguments(args_, tensors_);
    uint64_t* const args = placed.all().data();
    const int count = static_cast<int>(placed.all().size());
    const ChipTaskArgs view = placed.view();
    PTO2Runtime* const runtime = &tensor_runtime_->runtime();
    const auto symbol = [&](const char* name) { return dlsym(entry_.object, name); };
    const int form = entry_kind();
    const bool has_view = form == kEntryOfArgs || form == kEntryOfRuntimeAndArgs ||
                          form == kEntryOfArgsAndThreads || form == kEntryOfAll;
    if (void* const config = symbol("aicpu_orchestration_config"); config != nullptr) {
        using Config = PTO2OrchestrationConfig(uint64_t*, int);
        using ViewConfig = PTO2OrchestrationConfig(const ChipTaskArgs&);
        const int expected =
            has_view ? reinterpret_cast<ViewConfig*>(config)(view).expected_arg_count
                     : reinterpret_cast<Config*>(config)(args, count).expected_arg_count;
        if (count < expected) {
            throw CaseFailure(
                A2A3_FAILURE_ORCHESTRATION,
                format("the orchestration gets %d arguments, and its aicpu_orchestration_config "
                       "expects %d: one for each entry that generate_inputs returns",
                       count, expected));
        }
    }
    void* const entry = symbol("aicpu_orchestration_entry");
    switch (form) {
        case kEntryOfThreads:
            return reinterpret_cast<void (*)(uint64_t*, int, int, int)>(entry)(args, count, 1, 0);
        case kEntryOfRuntimeAndThreads:
            return reinterpret_cast<void (*)(PTO2Runtime*, uint64_t*, int, int, int)>(entry)(
                runtime, args, count, 1, 0);
        case kEntryOfRuntime:
            return reinterpret_cast<void (*)(PTO2Runtime*, uint64_t*, int)>(entry)(runtime, args,
                                                                                   count);
        case kEntryOfArgs:
            return reinterpret_cast<void (*)(const ChipTaskArgs&)>(entry)(view);
        case kEntryOfRuntimeAndArgs:
            return reinterpret_cast<void (*)(PTO2Runtime*, const ChipTaskArgs&)>(entry)(runtime,
                                                                                        view);
        case kEntryOfArgsAndThreads:
            return reinterpret_cast<void (*)(const ChipTaskArgs&, int, int)>(entry)(view, 1, 0);
        case kEntryOfAll:
            return reinterpret_cast<void (*)(PTO2Runtime*, const ChipTaskArgs&, int, int)>(entry)(
                runtime, view, 1, 0);
        default:
            throw CaseFailure(A2A3_FAILURE_LOAD, kIncludeIt);
    }
}

std::pair<uint64_t, uint64_t> Orchestration::described_by(uint64_t argument) const {
    if (!offers(argument)) return {0, 0};
    const Tensor& tensor = *reinterpret_cast<const Tensor*>(argument);
    const uint64_t size = get_element_size(tensor.dtype);
    const uint64_t begin = tensor.buffer.addr + tensor.start_offset * size;
    return {begin, begin + tensor.extent_elem() * size};
}

void Orchestration::note_rings(a2a3_ring* rings) const {
    if (!tensor_runtime_) return;
    const auto& uses = tensor_runtime_->rings().uses();
    std::copy(uses.begin(), uses.end(), rings);
}

void Orchestration::note_dependencies(SharedTable<a2a3_dependency>& dependencies) const {
    if (!tensor_runtime_) return;
    for (const a2a3_dependency& each : tensor_runtime_->dependencies()) {
        dependencies.push_back(each);
    }
}

}  // namespace a2a3sim
