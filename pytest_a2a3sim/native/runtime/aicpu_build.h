// The engine's side of include/aicpu_build_graph/build_api.h.
#pragma once

#include <vector>

#include "aicpu_build_graph/build_api.h"
#include "runtime/runtime_host.h"

namespace a2a3sim {

/// One orchestration's calls. On the device a task may start as soon as it is published: what comes
/// too late for that is misuse, and so is a task that is never published.
class AicpuBuild {
  public:
    explicit AicpuBuild(RuntimeHost& host);
    AicpuBuild(const AicpuBuild&) = delete;
    AicpuBuild& operator=(const AicpuBuild&) = delete;

    /// Copies the tensors to the device and calls the function. Throws CaseFailure.
    void run(void* function, const std::vector<a2a3_argument>& args,
             const std::vector<HostTensor>& tensors);

  private:
    static const AicpuBuildApi kApi;

    static AicpuBuild& self(const AicpuBuildRuntime* runtime);
    static int add_task(AicpuBuildRuntime* runtime, uint64_t* args, int num_args, int func_id,
                        CoreType core_type, uint64_t code);
    static void add_successor(AicpuBuildRuntime* runtime, int from, int to);
    static void publish(AicpuBuildRuntime* runtime, int task);
    static void* allocate(size_t size);
    static void free(void* address);

    RuntimeHost& host_;
    AicpuBuildRuntime runtime_;
    std::vector<bool> published_;  // by task
};

}  // namespace a2a3sim
