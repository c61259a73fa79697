// The functions behind include/tensors: what an orchestration calls.
#include "base/failure.h"
#include "runtime/tensor_runtime.h"

namespace a2a3sim {

namespace {

std::string name_of(const TaskRequest& request) {
    if (request.kind == TaskRequest::Kind::kAllocation) return "alloc_tensors";
    if (request.kind == TaskRequest::Kind::kNothing) return "dummy task";
    std::string ids;
    const MixedKernels& kernels = request.kernels;
    for (const int32_t id :
         {kernels.aic_kernel_id, kernels.aiv0_kernel_id, kernels.aiv1_kernel_id}) {
        if (id != INVALID_KERNEL_ID) ids += format("%s%d", ids.empty() ? "" : ", ", id);
    }
    return "func_id " + ids;
}

}  // namespace

struct TensorCalls {
    static TensorRuntime& self(void* state) { return *static_cast<TensorRuntime*>(state); }

    /// Does what the orchestration asks for, unless something was refused before. What is refused
    /// now is reported behind `name`.
    template <typename Call>
    static void take(void* state, const char* name, Call call) {
        TensorRuntime& runtime = self(state);
        runtime.host_.count_call();
        if (runtime.is_fatal_) return;
        try {
            call(runtime);
        } catch (const Refusal& refusal) {
            runtime.fail(name + std::string(refusal.what()));
        }
    }

    static void submit(void* state, const TaskRequest* request, SubmittedTask* made) {
        const void* const caller = __builtin_return_address(0);
        made->id = PTO2TaskId::invalid();
        made->output_count = 0;
        take(state, "", [&](TensorRuntime& runtime) {
            try {
                runtime.submit(*request, caller, *made);
            } catch (const Refusal& refusal) {
                throw Refusal(format("task %d (%s): %s", runtime.host_.graph().task_count(),
                                     name_of(*request).c_str(), refusal.what()));
            }
        });
    }

    static void add_dependency(void* state, PTO2TaskId producer, PTO2TaskId consumer) {
        take(state, "pto2_rt_add_dependency: ", [&](TensorRuntime& runtime) {
            runtime.add_dependency(producer, consumer);
        });
    }

    static void scope_begin(void* state, PTO2ScopeMode mode) {
        take(state, "", [&](TensorRuntime& runtime) { runtime.open_scope(mode); });
    }

    static void scope_end(void* state) {
        take(state, "pto2_rt_scope_end: ", [](TensorRuntime& runtime) { runtime.close_scope(); });
    }

    static bool is_fatal(const void* state) {
        return static_cast<const TensorRuntime*>(state)->is_fatal_;
    }

    static void report_fatal(void* state, int32_t code, const char* function, const char* message) {
        take(state, "", [&](TensorRuntime&) {
            throw Refusal(
                format("the orchestration reports error %d in %s: %s", code, function, message));
        });
    }

    static uint64_t get_data(void* state, const Tensor* tensor, uint32_t ndims,
                             const uint32_t* indices) {
        uint64_t value = 0;
        take(state, "get_tensor_data: ", [&](TensorRuntime& runtime) {
            value = runtime.get_data(*tensor, ndims, indices);
        });
        return value;
    }

    static void set_data(void* state, const Tensor* tensor, uint32_t ndims, const uint32_t* indices,
                         uint64_t value) {
        take(state, "set_tensor_data: ", [&](TensorRuntime& runtime) {
            runtime.set_data(*tensor, ndims, indices, value);
        });
    }

    static int32_t core_count(void* state, int32_t is_vector) {
        return self(state).options_.block_dim * (is_vector != 0 ? kAivPerBlock : 1);
    }
};

const TensorRuntimeOps TensorRuntime::kOps{
    TensorCalls::submit,    TensorCalls::add_dependency, TensorCalls::scope_begin,
    TensorCalls::scope_end, TensorCalls::is_fatal,       TensorCalls::report_fatal,
    TensorCalls::get_data,  TensorCalls::set_data,       TensorCalls::core_count};

}  // namespace a2a3sim
