#include "runtime/aicpu_build.h"

#include "base/failure.h"

namespace a2a3sim {

namespace {

AicpuBuild* current = nullptr;  // device_malloc() and device_free() do not say for whom

}  // namespace

const AicpuBuildApi AicpuBuild::kApi{add_task, add_successor, publish, allocate, free};

AicpuBuild::AicpuBuild(RuntimeHost& host) : host_(host), runtime_{} {
    runtime_.aicpu_build_api = kApi;
    runtime_.state = this;
    const KernelTable& kernels = host.graph().kernels();
    for (int func_id = 0; func_id < RUNTIME_MAX_FUNC_ID; ++func_id) {
        const int kernel = kernels.find(func_id);
        if (kernel < 0) continue;
        runtime_.kernel_addrs[func_id] = reinterpret_cast<uint64_t>(kernels[kernel].function);
    }
}

void AicpuBuild::run(void* function, const std::vector<a2a3_argument>& args,
                     const std::vector<HostTensor>& tensors) {
    if (args.size() > RUNTIME_MAX_ORCH_ARGS) {
        throw CaseFailure(A2A3_FAILURE_ORCHESTRATION,
                          format("generate_inputs returns %zu entries; an orchestration gets at "
                                 "most %d",
                                 args.size(), RUNTIME_MAX_ORCH_ARGS));
    }
    for (const a2a3_argument& arg : args) {
        runtime_.orch_args[runtime_.orch_argc++] =
            arg.tensor < 0 ? arg.bits
                           : reinterpret_cast<uint64_t>(
                                 host_.place_tensor(tensors[static_cast<size_t>(arg.tensor)]));
    }
    host_.memory().open();  // it runs beside the device
    current = this;
    const int returned = reinterpret_cast<int (*)(AicpuBuildRuntime*)>(function)(&runtime_);
    current = nullptr;
    for (size_t id = 0; id < published_.size() && returned == 0; ++id) {
        if (published_[id]) continue;
        host_.note(A2A3_FAILURE_GRAPH,
                   format("task %zu is never published, so that it never starts: "
                          "publish_task(runtime, %zu) is missing",
                          id, id));
        break;
    }
    host_.check(returned);
}

AicpuBuild& AicpuBuild::self(const AicpuBuildRuntime* runtime) {
    return *static_cast<AicpuBuild*>(runtime->state);
}

int AicpuBuild::add_task(AicpuBuildRuntime* runtime, uint64_t* args, int num_args, int func_id,
                         CoreType core_type, uint64_t) {
    AicpuBuild& build = self(runtime);
    build.host_.count_call();
    const int id =
        build.host_.add_task(args, num_args, func_id, core_type, __builtin_return_address(0));
    if (id >= 0) build.published_.push_back(false);
    return id;
}

void AicpuBuild::add_successor(AicpuBuildRuntime* runtime, int from, int to) {
    AicpuBuild& build = self(runtime);
    build.host_.count_call();
    if (to >= 0 && static_cast<size_t>(to) < build.published_.size() &&
        build.published_[static_cast<size_t>(to)]) {
        build.host_.note(A2A3_FAILURE_GRAPH,
                         format("add_successor_conditional(%d, %d) comes after publish_task(%d): "
                                "on the device task %d may have started",
                                from, to, to, to));
        return;
    }
    build.host_.add_successor("add_successor_conditional", from, to);
}

void AicpuBuild::publish(AicpuBuildRuntime* runtime, int task) {
    AicpuBuild& build = self(runtime);
    build.host_.count_call();
    if (task >= 0 && static_cast<size_t>(task) < build.published_.size()) {
        build.published_[static_cast<size_t>(task)] = true;
        return;
    }
    build.host_.note(A2A3_FAILURE_GRAPH,
                     format("publish_task(%d): there is no task %d; tasks added so far: %zu", task,
                            task, build.published_.size()));
}

void* AicpuBuild::allocate(size_t size) {
    void* const address = current->host_.allocate(size, __builtin_return_address(0));
    current->host_.memory().open();
    return address;
}

void AicpuBuild::free(void* address) { current->host_.free(address); }

}  // namespace a2a3sim
