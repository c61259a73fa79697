// What orchestrations that submit tasks of tensors have in common, whatever their runtime is.
//
// Every call goes through a table of functions that the engine fills in, so that an orchestration
// links against nothing.
#ifndef A2A3SIM_TENSORS_ORCHESTRATION_H_
#define A2A3SIM_TENSORS_ORCHESTRATION_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/unified_log.h"
#include "tensors/core_args.h"
#include "tensors/entry.h"
#include "tensors/params.h"

#ifdef __x86_64__
// Orchestrations that measure time read the counter of the CPU that they run on, which is an ARM
// one, in assembler. Here the instruction reads the time stamp counter; it leaves what lies below
// the stack pointer, and every other register, as they were.
asm(R"(
.ifndef a2a3sim_mrs
.set a2a3sim_mrs, 1
.macro mrs target, counter
    leaq -136(%rsp), %rsp
    pushq %rax
    pushq %rdx
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    movq %rax, 16(%rsp)
    popq %rdx
    popq %rax
    movq (%rsp), \target
    leaq 136(%rsp), %rsp
.endm
.endif
)");
#endif

namespace a2a3sim {

template <typename... Values>
void log(void (*write)(const char*, const char*, ...), const char* function, const char* format,
         Values... values) {
    write(function, format, values...);
}

template <typename... Values>
void log(void (*write)(const char*, const char*, ...), const char* function, PTO2Runtime*,
         const char* format, Values... values) {
    write(function, format, values...);
}

constexpr int entry_kind(void (*)(uint64_t*, int, int, int)) { return kEntryOfThreads; }
constexpr int entry_kind(void (*)(PTO2Runtime*, uint64_t*, int, int, int)) {
    return kEntryOfRuntimeAndThreads;
}
constexpr int entry_kind(void (*)(PTO2Runtime*, uint64_t*, int)) { return kEntryOfRuntime; }
constexpr int entry_kind(void (*)(const ChipTaskArgs&)) { return kEntryOfArgs; }
constexpr int entry_kind(void (*)(PTO2Runtime*, const ChipTaskArgs&)) {
    return kEntryOfRuntimeAndArgs;
}
constexpr int entry_kind(void (*)(const ChipTaskArgs&, int, int)) { return kEntryOfArgsAndThreads; }
constexpr int entry_kind(void (*)(PTO2Runtime*, const ChipTaskArgs&, int, int)) {
    return kEntryOfAll;
}

}  // namespace a2a3sim

/// The runtime that this orchestration works for: the engine sets it before the entry is called.
extern "C" {
__attribute__((weak, used, visibility("default"))) PTO2Runtime* a2a3sim_runtime = nullptr;
}

/// Tells the engine which parameters the entry has.
#define aicpu_orchestration_entry(...)                                    \
    aicpu_orchestration_entry(__VA_ARGS__);                               \
    __attribute__((used, visibility("default"))) int a2a3sim_entry_kind = \
        a2a3sim::entry_kind(&aicpu_orchestration_entry);                  \
    void aicpu_orchestration_entry(__VA_ARGS__)

/// A tensor in memory that is there already, such as an argument of the orchestration.
inline Tensor make_tensor_external(void* address, const uint32_t shapes[], uint32_t ndims,
                                   DataType dtype = DataType::FLOAT32, bool manual_dep = false,
                                   int32_t version = 0) {
    return Tensor::whole(reinterpret_cast<uint64_t>(address), shapes, ndims, dtype, manual_dep,
                         version);
}

/// A tensor that gets its memory with the first task of which it is an output.
inline Tensor make_tensor(const uint32_t shapes[], uint32_t ndims,
                          DataType dtype = DataType::FLOAT32, bool manual_dep = false,
                          int32_t version = 0) {
    return Tensor::whole(0, shapes, ndims, dtype, manual_dep, version);
}

/// A tensor whose first element is at the address, with strides in elements.
inline Tensor make_tensor_strided(void* address, const uint32_t shapes[], const uint32_t strides[],
                                  uint32_t ndims, DataType dtype = DataType::FLOAT32,
                                  bool manual_dep = false, int32_t version = 0) {
    Tensor made = make_tensor_external(address, shapes, ndims, dtype, manual_dep, version);
    for (uint32_t i = 0; i < ndims; ++i) made.strides[i] = strides[i];
    made.update_contiguous();
    made.buffer.size = made.extent_elem() * get_element_size(dtype);
    return made;
}

/// The tensor that an argument is.
inline Tensor from_tensor_arg(const Tensor& argument, bool manual_dep = false,
                              int32_t version = 0) {
    Tensor made = argument;
    made.manual_dep = manual_dep;
    made.version = version;
    return made;
}

inline PTO2Runtime* current_runtime() { return a2a3sim_runtime; }
inline PTO2Runtime* pto2_current_runtime() { return a2a3sim_runtime; }

inline void rt_scope_begin(PTO2ScopeMode mode = PTO2ScopeMode::AUTO) {
    a2a3sim_runtime->ops->scope_begin(a2a3sim_runtime->state, mode);
}
inline void rt_scope_end() { a2a3sim_runtime->ops->scope_end(a2a3sim_runtime->state); }
inline void pto2_rt_scope_begin(PTO2Runtime* = nullptr) { rt_scope_begin(); }
inline void pto2_rt_scope_end(PTO2Runtime* = nullptr) { rt_scope_end(); }

/// Nothing more comes. Returning from the entry says the same.
inline void rt_orchestration_done() {}
inline void pto2_rt_orchestration_done(PTO2Runtime* = nullptr) {}

inline bool rt_is_fatal() { return a2a3sim_runtime->ops->is_fatal(a2a3sim_runtime->state); }
inline bool pto2_rt_is_fatal(PTO2Runtime* = nullptr) { return rt_is_fatal(); }

/// A scope that is open for as long as this lives.
class PTO2ScopeGuard {
  public:
    explicit PTO2ScopeGuard(PTO2ScopeMode mode = PTO2ScopeMode::AUTO) { rt_scope_begin(mode); }
    explicit PTO2ScopeGuard(PTO2Runtime*) { rt_scope_begin(); }
    ~PTO2ScopeGuard() { rt_scope_end(); }
    PTO2ScopeGuard(const PTO2ScopeGuard&) = delete;
    PTO2ScopeGuard& operator=(const PTO2ScopeGuard&) = delete;
};

#define A2A3SIM_JOIN_(a, b) a##b
#define A2A3SIM_JOIN(a, b) A2A3SIM_JOIN_(a, b)
#define PTO2_SCOPE_GUARD(...) \
    [[maybe_unused]] PTO2ScopeGuard A2A3SIM_JOIN(a2a3sim_scope_, __COUNTER__) { __VA_ARGS__ }
/// PTO2_SCOPE() { ... }; a runtime or a mode may stand in the parentheses.
#define PTO2_SCOPE(...) if (PTO2_SCOPE_GUARD(__VA_ARGS__); true)

#undef LOG_ERROR
#undef LOG_WARN
#undef LOG_INFO
#undef LOG_DEBUG
#undef LOG_ALWAYS
#undef LOG_TIMING
// LOG_INFO(format, ...), or LOG_INFO(rt, format, ...).
#define LOG_ERROR(...) a2a3sim::log(unified_log_error, __FUNCTION__, __VA_ARGS__)
#define LOG_WARN(...) a2a3sim::log(unified_log_warn, __FUNCTION__, __VA_ARGS__)
#define LOG_INFO(...) a2a3sim::log(unified_log_info, __FUNCTION__, __VA_ARGS__)
#define LOG_DEBUG(...) a2a3sim::log(unified_log_debug, __FUNCTION__, __VA_ARGS__)
#define LOG_ALWAYS(...) a2a3sim::log(unified_log_always, __FUNCTION__, __VA_ARGS__)
#define LOG_TIMING(...) a2a3sim::log(unified_log_always, __FUNCTION__, __VA_ARGS__)

#endif  // A2A3SIM_TENSORS_ORCHESTRATION_H_
