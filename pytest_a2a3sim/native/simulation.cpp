#include "simulation.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>

#include "executor.h"
#include "failure.h"
#include "runtime_host.h"
#include "text.h"
#include "ticks.h"

namespace a2a3sim {

namespace {

using OrchestrationFunction = int (*)(Runtime* runtime, uint64_t* args, int arg_count);

/// Loads the object for the rest of the process; its symbols stay its own.
void* load(const ObjectSymbol& object, Control& control) {
    control.loading_func_id.store(object.func_id, std::memory_order_relaxed);
    void* const handle = dlopen(object.path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        throw CaseFailure(A2A3_FAILURE_LOAD,
                          format("%s cannot be loaded: %s", object.name.c_str(), dlerror()), -1,
                          object.func_id);
    }
    void* const address = dlsym(handle, object.symbol.c_str());
    if (address == nullptr) {
        throw CaseFailure(
            A2A3_FAILURE_LOAD,
            format("%s has no symbol '%s'", object.name.c_str(), object.symbol.c_str()), -1,
            object.func_id);
    }
    return address;
}

/// Keeps the phase and the time spent in each.
class PhaseClock {
  public:
    explicit PhaseClock(Control& control) : control_(control), since_(control.start_nanoseconds) {}
    ~PhaseClock() { close(); }

    void enter(a2a3_phase phase) {
        close();
        control_.phase.store(phase, std::memory_order_release);
    }

  private:
    void close() {
        const int64_t now = monotonic_nanoseconds();
        control_.report.phase_seconds[control_.phase.load(std::memory_order_relaxed)] +=
            1e-9 * static_cast<double>(now - since_);
        since_ = now;
    }

    Control& control_;
    int64_t since_;
};

/// Host tensors are out of reach for as long as this lives.
class HostTensorsOutOfReach {
  public:
    explicit HostTensorsOutOfReach(const HostWindow& window) : window_(window) {
        window_.set_reachable(false);
    }
    ~HostTensorsOutOfReach() { window_.set_reachable(true); }

  private:
    const HostWindow& window_;
};

KernelTable load_kernels(const CaseDescription& description, Control& control) {
    std::vector<Kernel> kernels;
    for (const ObjectSymbol& object : description.kernels) {
        const auto function = reinterpret_cast<KernelFunction>(load(object, control));
        kernels.push_back(
            Kernel{object.name, function, object.func_id, static_cast<CoreType>(object.core_type)});
    }
    return KernelTable(std::move(kernels));
}

int orchestrate(OrchestrationFunction function, RuntimeHost& host, std::vector<uint64_t> args) {
    try {
        return function(&host.runtime(), args.data(), static_cast<int>(args.size()));
    } catch (const CaseFailure&) {
        throw;
    } catch (const std::exception& error) {
        throw CaseFailure(A2A3_FAILURE_ORCHESTRATION,
                          format("the orchestration threw an exception: %s", error.what()));
    } catch (...) {
        throw CaseFailure(A2A3_FAILURE_ORCHESTRATION,
                          "the orchestration threw an object that is not a std::exception");
    }
}

void copy_back(const RuntimeHost& host, const std::vector<HostTensor>& tensors,
               uint64_t* copied_back) {
    for (const TensorPair& pair : host.tensor_pairs()) {
        const std::string problem = host.memory().check_range(pair.dev_ptr, pair.size);
        if (!problem.empty()) {
            throw CaseFailure(A2A3_FAILURE_ORCHESTRATION, "copy back of a tensor pair: " + problem);
        }
        std::memcpy(pair.host_ptr, pair.dev_ptr, pair.size);
        const int index = find_tensor(tensors, pair.host_ptr);
        if (index >= 0) copied_back[index] += pair.size;
    }
}

/// False if a kernel failed: `control` has the report.
bool simulate_or_throw(const CaseDescription& description, Control& control, TimelineFile& timeline,
                       uint64_t* copied_back) {
    a2a3_report& report = control.report;
    PhaseClock clock(control);

    clock.enter(A2A3_PHASE_LOAD);
    const KernelTable kernels = load_kernels(description, control);
    const auto function =
        reinterpret_cast<OrchestrationFunction>(load(description.orchestration, control));

    clock.enter(A2A3_PHASE_ORCHESTRATE);
    RuntimeHost host(*description.window, description.tensors, description.device_memory_size,
                     control);
    host.check(orchestrate(function, host, description.args));

    clock.enter(A2A3_PHASE_CHECK);
    report.task_count = host.graph().task_count();
    report.edge_count = host.graph().edge_count();
    report.buffer_count = static_cast<int64_t>(host.memory().buffer_count());
    report.device_bytes_peak = host.memory().peak_bytes();
    Graph graph = host.graph().seal(kernels);
    a2a3_task_record* const records = timeline.map(graph.task_count());

    clock.enter(A2A3_PHASE_EXECUTE);
    {
        const TickRate rate;
        report.origin_ticks = rate.origin();
        const HostTensorsOutOfReach out_of_reach(*description.window);
        const bool succeeded =
            execute(graph, kernels,
                    ExecutorOptions{description.block_dim, description.thread_count,
                                    description.schedule, description.seed, rate.origin()},
                    control, records);
        report.ticks_per_second = rate.ticks_per_second();
        if (!succeeded) return false;
    }

    clock.enter(A2A3_PHASE_COPY_BACK);
    copy_back(host, description.tensors, copied_back);
    timeline.append(graph);
    return true;
}

}  // namespace

CaseDescription::CaseDescription(const a2a3_request& request)
    : orchestration{"the orchestration", request.orchestration_path, request.orchestration_symbol},
      args(request.args, request.args + request.arg_count),
      window(reinterpret_cast<const HostWindow*>(request.window)),
      block_dim(request.block_dim),
      thread_count(request.thread_count),
      schedule(static_cast<a2a3_schedule>(request.schedule)),
      seed(request.seed),
      isolate(request.isolate != 0),
      device_memory_size(request.device_memory_size) {
    for (int32_t i = 0; i < request.kernel_count; ++i) {
        const a2a3_kernel& kernel = request.kernels[i];
        kernels.push_back(ObjectSymbol{kernel.name, kernel.object_path, kernel.symbol,
                                       kernel.func_id, kernel.core_type});
    }
    for (int32_t i = 0; i < request.tensor_count; ++i) {
        const a2a3_tensor& tensor = request.tensors[i];
        tensors.push_back(HostTensor{tensor.name, static_cast<char*>(tensor.data), tensor.nbytes});
    }
}

TimelineFile::TimelineFile() : descriptor_(memfd_create("a2a3sim-timeline", MFD_CLOEXEC)) {
    if (descriptor_ < 0) {
        throw std::system_error(errno, std::generic_category(), "memfd_create for the timeline");
    }
}

TimelineFile::~TimelineFile() {
    if (mapping_ != nullptr) munmap(mapping_, mapped_);
    close(descriptor_);
}

a2a3_task_record* TimelineFile::map(int64_t count) {
    if (mapping_ == nullptr && count > 0) {
        const size_t size = static_cast<size_t>(count) * sizeof(a2a3_task_record);
        if (ftruncate(descriptor_, static_cast<off_t>(size)) != 0) throw std::bad_alloc();
        void* const mapping =
            mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
        if (mapping == MAP_FAILED) throw std::bad_alloc();
        mapping_ = mapping;
        mapped_ = size;
    }
    return static_cast<a2a3_task_record*>(mapping_);
}

void TimelineFile::append(const Graph& graph) {
    const size_t count = graph.tasks.size();
    GrowingArray<int32_t> func_ids(count);
    GrowingArray<uint32_t> first_successor(count + 1);
    GrowingArray<int32_t> successors(graph.edges.size());
    for (const TaskNode& task : graph.tasks) {
        func_ids.push_back(task.func_id);
        first_successor.push_back(static_cast<uint32_t>(successors.size()));
        graph.for_each_successor(task, [&](int32_t id) { successors.push_back(id); });
    }
    first_successor.push_back(static_cast<uint32_t>(successors.size()));
    if (lseek(descriptor_, 0, SEEK_END) < 0) throw std::bad_alloc();
    write(func_ids.data(), func_ids.size() * sizeof(int32_t));
    write(first_successor.data(), first_successor.size() * sizeof(uint32_t));
    write(successors.data(), successors.size() * sizeof(int32_t));
}

void* TimelineFile::map_all(size_t* nbytes) const {
    struct stat status{};
    if (fstat(descriptor_, &status) != 0 || status.st_size == 0) return nullptr;
    *nbytes = static_cast<size_t>(status.st_size);
    void* const mapping = mmap(nullptr, *nbytes, PROT_READ, MAP_SHARED, descriptor_, 0);
    return mapping == MAP_FAILED ? nullptr : mapping;
}

void TimelineFile::write(const void* data, size_t size) {
    for (size_t done = 0; done < size;) {
        const ssize_t written =
            ::write(descriptor_, static_cast<const char*>(data) + done, size - done);
        if (written < 0 && errno != EINTR) throw std::bad_alloc();
        if (written > 0) done += static_cast<size_t>(written);
    }
}

void simulate(const CaseDescription& description, Control& control, TimelineFile& timeline,
              uint64_t* copied_back) {
    try {
        if (simulate_or_throw(description, control, timeline, copied_back)) {
            control.phase.store(A2A3_PHASE_DONE, std::memory_order_release);
        }
    } catch (const CaseFailure& failure) {
        control.fail(failure.kind, failure.what(), failure.task_id, failure.func_id);
    } catch (const std::bad_alloc&) {
        control.fail(A2A3_FAILURE_OUT_OF_MEMORY, "the simulating process ran out of host memory",
                     -1, -1);
    }
}

}  // namespace a2a3sim
