#include "isolation/simulation.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <new>
#include <optional>

#include "base/failure.h"
#include "base/float_environment.h"
#include "base/ticks.h"
#include "executor/core_identity.h"
#include "executor/executor.h"
#include "executor/task_runner.h"
#include "executor/waits.h"
#include "faults/exception_probe.h"
#include "faults/fatal_signals.h"
#include "faults/faults.h"
#include "faults/loaded_objects.h"
#include "faults/process_state.h"
#include "isolation/copy_back.h"
#include "isolation/orders.h"
#include "isolation/out_of_reach.h"
#include "isolation/run_ahead.h"
#include "runtime/host_pointers.h"
#include "runtime/orchestration.h"
#include "runtime/runtime_host.h"
#include "sanitizer/core/core_sizes.h"
#include "sanitizer/sanitizer.h"

namespace a2a3sim {

namespace {

/// dlopen(), which runs the object's static constructors. An exception that leaves one of them ends
/// the case; the C library declares that there is none, which the compiler must not rely on.
void* open_object(const ObjectSymbol& object, Control& control) {
    try {
        void* (*const volatile open)(const char*, int) = dlopen;
        return open(object.path.c_str(), RTLD_NOW | RTLD_LOCAL);
    } catch (const ExceptionProbe&) {
    } catch (...) {
        fail_with_exception(control, blame(control, A2A3_FAILURE_KERNEL_EXCEPTION));
    }
    throw CaseAlreadyFailed();
}

struct LoadedSymbol {
    void* object;
    void* address;
    bool changes_process;
    UseRecorder use_recorder;  // null unless it is instrumented
};

/// Loads the object for the rest of the process; its symbols stay its own.
LoadedSymbol load(const ObjectSymbol& object, Control& control) {
    control.start_loading(object.func_id);
    void* const handle = open_object(object, control);
    if (handle == nullptr) {
        const char* const why = dlerror();  // NOLINT(concurrency-mt-unsafe): it is this thread's
        throw CaseFailure(A2A3_FAILURE_LOAD,
                          format("%s cannot be loaded: %s", object.name.c_str(), why), -1,
                          object.func_id);
    }
    void* const address = dlsym(handle, object.symbol.c_str());
    if (address == nullptr) {
        throw CaseFailure(
            A2A3_FAILURE_LOAD,
            format("%s has no symbol '%s'", object.name.c_str(), object.symbol.c_str()), -1,
            object.func_id);
    }
    keep_fatal_signals(handle);
    let_others_run_at_waits(handle);
    offer_core_identity(handle);
    return {handle, address, changes_process_state(handle),
            reinterpret_cast<UseRecorder>(dlsym(handle, A2A3_RECORDER_SYMBOL))};
}

/// Keeps the phase and the time spent in each.
class PhaseClock {
  public:
    PhaseClock(Control& control, int64_t start_nanoseconds)
        : control_(control), since_(start_nanoseconds) {}
    ~PhaseClock() { close(); }

    void enter(a2a3_phase phase) {
        close();
        control_.enter(phase);
    }

    void finish(uint64_t receipt) {
        close();
        control_.finish(receipt);
    }

    void finish_orders() {
        close();
        control_.finish_orders();
    }

  private:
    void close() {
        const int64_t now = monotonic_nanoseconds();
        control_.draft.phase_seconds[control_.phase()] += to_seconds(now - since_);
        since_ = now;
    }

    Control& control_;
    int64_t since_;
};

KernelTable load_kernels(const CaseDescription& description, Control& control,
                         std::vector<UseRecorder>& instrumented) {
    std::vector<Kernel> kernels;
    for (const ObjectSymbol& object : description.kernels) {
        const LoadedSymbol loaded = load(object, control);
        kernels.push_back(Kernel{object.name, reinterpret_cast<KernelFunction>(loaded.address),
                                 object.func_id, static_cast<CoreType>(object.core_type),
                                 loaded.changes_process});
        if (loaded.use_recorder != nullptr) instrumented.push_back(loaded.use_recorder);
    }
    return KernelTable(std::move(kernels));
}

void orchestrate(Orchestration& orchestration, Control& control) {
    try {
        reset_float_environment();
        orchestration.run();
        return;
    } catch (const CaseFailure&) {
        throw;
    } catch (const ExceptionProbe&) {
    } catch (...) {
        fail_with_exception(control, A2A3_FAILURE_ORCHESTRATION);
    }
    throw CaseAlreadyFailed();
}

/// Fails the case if kernels have overwritten what they can reach of the engine's own memory.
void check_control(const Control& control, int32_t tasks) {
    const char* const overwritten = control.find_overwritten(tasks);
    if (*overwritten == '\0') return;
    throw CaseFailure(A2A3_FAILURE_CORRUPTED, format("the %s was overwritten", overwritten));
}

/// Fails the case if something was written next to a device buffer.
void check_damage(const DeviceMemory& memory, Control& control) {
    Damage damage;
    if (!memory.find_damage(damage)) return;
    fail_with_damage(control, damage.address);
    throw CaseAlreadyFailed();
}

/// What is known of device memory: by the tensors that it holds, and by what the orchestration
/// says.
std::vector<a2a3_description> descriptions_of(const RuntimeHost& host,
                                              const CaseDescription& description) {
    std::vector<size_t> sizes;
    for (const HostTensor& tensor : description.tensors) sizes.push_back(tensor.nbytes);
    std::vector<a2a3_description> known = descriptions_of(host.copies(), sizes, host.memory());
    const std::vector<a2a3_description>& said = host.descriptions().all();
    known.insert(known.end(), said.begin(), said.end());
    return known;
}

/// That copy and fill large memory.
int copying_threads(const CaseDescription& description) {
    const int wanted = description.thread_count;
    return wanted == kThreadPerCore ? usable_cpus() : std::min(wanted, usable_cpus());
}

void simulate_or_throw(const CaseDescription& description, SharedState& shared,
                       const std::function<void()>& at_end) {
    Control& control = shared.control;
    a2a3_ending& ending = control.draft;
    PhaseClock clock(control, description.start_nanoseconds);
    control.live->main_thread_id.store(system_thread_id(), std::memory_order_relaxed);

    clock.enter(A2A3_PHASE_LOAD);
    if (description.isolate) {
        offer_core_memory_sizes(description.core_memory, description.is_sanitized());
    }
    std::vector<UseRecorder> instrumented;
    const KernelTable kernels = load_kernels(description, control, instrumented);
    const LoadedSymbol entry = load(description.orchestration, control);
    record_loaded_objects(shared.objects);

    clock.enter(A2A3_PHASE_ORCHESTRATE);
    set_reach(*description.window, description.tensors, Reach::kReadAndWrite);
    RuntimeHost host(*description.window, description.tensors, kernels,
                     DeviceMemory::Options{description.device_memory_size, description.other_poison,
                                           description.watches, !description.check_each_task,
                                           copying_threads(description)},
                     control, shared.buffers, description.kept_memory);
    host.describe(description.described_buffer);
    if (description.is_sanitized()) host.note_submitters();
    const RunAhead run_ahead(description, kernels, control);
    Orchestration orchestration(
        Orchestration::Entry{description.runtime, entry.object, entry.address}, host,
        description.args, description.tensors,
        Orchestration::Options{description.ring_sizes, description.block_dim,
                               description.records_dependencies,
                               [&](const std::vector<bool>& tasks, uint64_t address, size_t size) {
                                   return run_ahead.value_after(host, tasks, address, size);
                               }});
    orchestrate(orchestration, control);
    if (host.has_failed()) throw CaseAlreadyFailed();
    orchestration.note_rings(ending.rings);
    if (shared.dependencies) orchestration.note_dependencies(*shared.dependencies);
    place_outputs(host, description);
    host.memory().open();

    clock.enter(A2A3_PHASE_CHECK);
    ending.task_count = host.graph().task_count();
    ending.edge_count = host.graph().edge_count();
    ending.buffer_count = static_cast<int64_t>(host.memory().buffer_count());
    ending.device_bytes_peak = host.memory().peak_bytes();
    ending.described = static_cast<int32_t>(host.descriptions().all().size());
    Graph graph = host.graph().seal();
    check_host_pointers(graph, kernels, host.memory(), *description.window, orchestration);
    host.describe_tasks(graph, kernels, ending.use);
    TaskRecord* const records = shared.recording.begin(graph, description.records_arguments);
    FurtherOrders orders(description, shared, host, graph);
    if (shared.dump && !description.dump.is_wanted()) {
        for (const a2a3_description& each : descriptions_of(host, description)) {
            shared.dump->descriptions.push_back(each);
        }
    }

    {
        const HostTensorsOutOfReach out_of_reach(description, Reach::kReadAndWrite);
        const TablesOutOfReach tables_out_of_reach(shared);
        const GraphInView in_view(graph, description.check_each_task ? &host.memory() : nullptr);
        std::optional<Sanitizer> sanitizer;
        if (description.is_sanitized()) {
            sanitizer.emplace(
                Sanitizer::Case{description.checks, description.records_flows, graph, host.memory(),
                                host.copies(), host.submitters(), *description.window,
                                description.tensors, A2A3_POISON_NAN, description.isolate,
                                description.core_memory},
                instrumented);
        }
        std::optional<TaskDump> dump;
        if (description.dump.is_wanted()) {
            dump.emplace(description.dump, graph, host.memory(), descriptions_of(host, description),
                         *shared.dump);
        }
        TaskObservers observers(dump ? &*dump : nullptr, sanitizer ? &*sanitizer : nullptr);
        clock.enter(A2A3_PHASE_EXECUTE);
        const TickRate rate;
        ending.origin_ticks = rate.origin();
        const ExecutorOptions options{description.block_dim, description.thread_count,
                                      description.schedule,  description.seed,
                                      rate.origin(),         observers.get()};
        const bool succeeded = execute(graph, kernels, options, control, records);
        ending.ticks_per_second = rate.ticks_per_second();
        if (sanitizer && shared.sanitizer) {
            shared.sanitizer->set_writable(true);
            sanitizer->report(description.questions, *shared.sanitizer, ending.sanitized);
        }
        if (!succeeded) return;  // `control` has the ending
        orders.note_execution(ending);
        clock.enter(A2A3_PHASE_COPY_BACK);
    }
    check_control(control, graph.task_count());
    // A sanitized run has recorded what was written there.
    if ((description.checks & A2A3_CHECK_MEMCHECK) == 0) check_damage(host.memory(), control);
    copy_back(host, description, shared.copied);
    if (!orders.are_due(ending) && !description.records_arguments) graph.args.clear();
    shared.recording.append(graph, kernels, description.records_arguments);
    clock.finish(receipt_of(description, control.draft, shared.copied.size()));
    orders.run(graph, kernels, host, control,
               [&](uint64_t argument) { return orchestration.described_by(argument); });
    clock.finish_orders();
    at_end();
}

}  // namespace

void simulate(const CaseDescription& description, SharedState& shared,
              const std::function<void()>& at_end) {
    Control& control = shared.control;
    control.dumps.set_writable(false);
    try {
        simulate_or_throw(description, shared, at_end);
    } catch (const CaseAlreadyFailed&) {
    } catch (const CaseFailure& failure) {
        control.fail(failure.kind, failure.what(), failure.task_id, failure.func_id);
    } catch (const std::bad_alloc&) {
        control.fail(A2A3_FAILURE_OUT_OF_MEMORY, "the simulating process ran out of host memory",
                     -1, -1);
    }
}

}  // namespace a2a3sim
