// The C interface. An exception becomes A2A3_ERROR and a text; functions without a status call only
// what is noexcept.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "compare/compare.h"
#include "device/host_window.h"
#include "graph/recording.h"
#include "graph/what_if.h"
#include "isolation/case_run.h"
#include "isolation/process_server.h"
#include "isolation/serving.h"
#include "shared/array_handler.h"
#include "shared/array_memory.h"

using a2a3sim::CaseDescription;
using a2a3sim::CaseRun;
using a2a3sim::HostWindow;
using a2a3sim::Outcome;
using a2a3sim::ProcessServer;

namespace {

/// An array: a string would need memory for the text that there is none.
thread_local char last_error[1024] = "";

int fail(const char* text) noexcept {
    std::snprintf(last_error, sizeof last_error, "%s", text);
    return A2A3_ERROR;
}

template <typename Action>
int guarded(Action action) noexcept {
    try {
        return action();
    } catch (const std::bad_alloc&) {
        return fail("the engine is out of memory");
    } catch (const std::exception& error) {
        return fail(error.what());
    } catch (...) {
        return fail("unknown error");
    }
}

HostWindow* unwrap(a2a3_window* window) { return reinterpret_cast<HostWindow*>(window); }
CaseRun* unwrap(a2a3_run* run) { return reinterpret_cast<CaseRun*>(run); }
const CaseRun* unwrap(const a2a3_run* run) { return reinterpret_cast<const CaseRun*>(run); }

/// A table of a case that has ended; an empty one before.
template <typename T>
const T* listed(const a2a3_run* run, std::vector<T> Outcome::* table, int64_t* count) {
    static const T none{};
    const auto& result = unwrap(run)->result();
    *count = result ? static_cast<int64_t>(((*result).*table).size()) : 0;
    return *count == 0 ? &none : ((*result).*table).data();
}

}  // namespace

extern "C" {

const char* a2a3_last_error(void) { return last_error; }

int a2a3_process_server_create(const char* const* words, const int32_t* lengths, int32_t commands,
                               a2a3_process_server** server) {
    return guarded([&] {
        std::vector<std::vector<std::string>> all;
        for (int32_t i = 0; i < commands; words += lengths[i++]) {
            all.emplace_back(words, words + lengths[i]);
        }
        *server = reinterpret_cast<a2a3_process_server*>(new ProcessServer(std::move(all)));
        return A2A3_OK;
    });
}

// Python programs that do without cffi call it.
__attribute__((visibility("default"))) void a2a3_serve_processes(int descriptor) {
    a2a3sim::serve_processes(descriptor);
}

void a2a3_process_server_destroy(a2a3_process_server* server) {
    delete reinterpret_cast<ProcessServer*>(server);
}

int a2a3_window_create(const uint64_t* sizes, int32_t private_count, int32_t count,
                       int32_t for_process_server, int32_t threads, a2a3_window** window) {
    return guarded([&] {
        const auto wish =
            for_process_server != 0 ? HostWindow::Wish::kFile : HostWindow::Wish::kAnonymous;
        *window = reinterpret_cast<a2a3_window*>(
            new HostWindow(std::vector<size_t>(sizes, sizes + count),
                           static_cast<size_t>(private_count), wish, threads));
        return A2A3_OK;
    });
}

void* a2a3_window_tensor(a2a3_window* window, int32_t index) {
    return unwrap(window)->tensor(static_cast<size_t>(index));
}

int a2a3_window_fill(a2a3_window* window, int32_t index, const void* from, int32_t threads,
                     int32_t* is_zero) {
    return guarded([&] {
        *is_zero = unwrap(window)->fill(static_cast<size_t>(index), static_cast<const char*>(from),
                                        threads);
        return A2A3_OK;
    });
}

void a2a3_window_drop_private(a2a3_window* window) { unwrap(window)->drop_private(); }

void a2a3_window_destroy(a2a3_window* window) { delete unwrap(window); }

void* a2a3_array_handler(const void* other) { return a2a3sim::array_handler(other); }

void a2a3_arrays_open(int32_t threads) { a2a3sim::ArrayMemory::instance().open(threads); }

void a2a3_arrays_close(void) { a2a3sim::ArrayMemory::instance().close(); }

int a2a3_run_start(const a2a3_request* request, a2a3_run** run) {
    return guarded([&] {
        *run = reinterpret_cast<a2a3_run*>(new CaseRun(CaseDescription(*request)));
        return A2A3_OK;
    });
}

int a2a3_run_wait(a2a3_run* run, a2a3_until until, double seconds, double hang_seconds) {
    return guarded(
        [&] { return static_cast<int>(unwrap(run)->wait(until, seconds, hang_seconds)); });
}

int a2a3_run_time_out(a2a3_run* run, double seconds) {
    return guarded([&] {
        unwrap(run)->time_out(seconds);
        return A2A3_OK;
    });
}

void a2a3_run_ending(const a2a3_run* run, a2a3_ending* ending) { *ending = unwrap(run)->ending(); }

int a2a3_run_progress(const a2a3_run* run, a2a3_progress* progress) {
    return unwrap(run)->progress(*progress) ? 1 : 0;
}

int a2a3_run_running_tasks(const a2a3_run* run, a2a3_running_task* tasks, int32_t capacity,
                           int32_t* count) {
    return guarded([&] {
        const auto& result = unwrap(run)->result();
        *count = 0;
        if (!result) return static_cast<int>(A2A3_OK);
        const std::vector<a2a3_running_task>& running = result->running;
        *count = std::min(static_cast<int32_t>(running.size()), std::max(capacity, 0));
        std::copy_n(running.begin(), *count, tasks);
        return static_cast<int>(A2A3_OK);
    });
}

const a2a3_copied_range* a2a3_run_copied_ranges(const a2a3_run* run, int64_t* count) {
    return listed(run, &Outcome::copied, count);
}

const a2a3_finding* a2a3_run_findings(const a2a3_run* run, int64_t* count) {
    return listed(run, &Outcome::findings, count);
}

const a2a3_core_finding* a2a3_run_core_findings(const a2a3_run* run, int64_t* count) {
    return listed(run, &Outcome::core_findings, count);
}

const a2a3_core_step* a2a3_run_core_steps(const a2a3_run* run, int64_t* count) {
    return listed(run, &Outcome::core_steps, count);
}

const a2a3_flow* a2a3_run_flows(const a2a3_run* run, int64_t* count) {
    return listed(run, &Outcome::flows, count);
}

const a2a3_task_args* a2a3_run_task_args(const a2a3_run* run, int64_t* count) {
    return listed(run, &Outcome::task_args, count);
}

const int32_t* a2a3_run_answers(const a2a3_run* run, int64_t* count) {
    return listed(run, &Outcome::answers, count);
}

const a2a3_dependency* a2a3_run_dependencies(const a2a3_run* run, int64_t* count) {
    return listed(run, &Outcome::dependencies, count);
}

const a2a3_description* a2a3_run_descriptions(const a2a3_run* run, int64_t* count) {
    return listed(run, &Outcome::descriptions, count);
}

const a2a3_dumped_task* a2a3_run_dumped_tasks(const a2a3_run* run, int64_t* count) {
    return listed(run, &Outcome::dumped_tasks, count);
}

const a2a3_dumped_range* a2a3_run_dumped_ranges(const a2a3_run* run, int64_t* count) {
    return listed(run, &Outcome::dumped_ranges, count);
}

void a2a3_run_dump_gaps(const a2a3_run* run, a2a3_dump_gaps* gaps) {
    const auto& result = unwrap(run)->result();
    *gaps = result ? result->dump_gaps : a2a3_dump_gaps{};
}

int a2a3_run_buffer(const a2a3_run* run, int64_t number, a2a3_buffer* buffer) {
    const auto& result = unwrap(run)->result();
    if (!result || number < 0 || static_cast<size_t>(number) >= result->buffers.size()) return 0;
    const a2a3sim::DeviceBuffer& found = result->buffers[static_cast<size_t>(number)];
    const a2a3_ending& ending = result->ending;
    const auto seconds = [&](int64_t ticks) {
        if (ending.ticks_per_second <= 0) return 0.0;
        const auto passed = static_cast<int64_t>(static_cast<uint64_t>(ticks) -
                                                 static_cast<uint64_t>(ending.origin_ticks));
        return static_cast<double>(passed) / ending.ticks_per_second;
    };
    const bool live = found.live != 0;
    *buffer = {found.call,
               found.begin,
               found.size,
               found.caller,
               live ? 1 : 0,
               seconds(found.allocated),
               live ? 0.0 : seconds(found.freed)};
    return 1;
}

int a2a3_run_map_recording(const a2a3_run* run, a2a3_recording* recording) {
    return guarded([&] {
        *recording = unwrap(run)->map_recording();
        return A2A3_OK;
    });
}

void a2a3_unmap_recording(const a2a3_recording* recording) { a2a3sim::unmap(*recording); }

void a2a3_recording_times(const a2a3_recording* recording, const int32_t* tasks, int64_t count,
                          a2a3_task_times* times) {
    a2a3sim::decode_times(*recording, tasks, count, times);
}

void a2a3_run_place(const a2a3_run* run, uint64_t address, const uint64_t* args, int32_t arg_count,
                    a2a3_place* place) {
    *place = unwrap(run)->place(address, args, arg_count);
}

const a2a3_object* a2a3_run_objects(const a2a3_run* run, int64_t* count) {
    return listed(run, &Outcome::objects, count);
}

void a2a3_run_destroy(a2a3_run* run) { delete unwrap(run); }

int a2a3_list_schedule(const a2a3_timed_graph* graph, int32_t block_dim, double* makespan) {
    return guarded([&] {
        *makespan = a2a3sim::list_schedule(*graph, block_dim);
        return A2A3_OK;
    });
}

int a2a3_critical_path(const a2a3_timed_graph* graph, int32_t* path, int32_t* length) {
    return guarded([&] {
        const std::vector<int32_t> tasks = a2a3sim::critical_path(*graph);
        std::copy(tasks.begin(), tasks.end(), path);
        *length = static_cast<int32_t>(tasks.size());
        return A2A3_OK;
    });
}

const uint64_t* a2a3_distance_bounds(void) { return a2a3sim::kDistanceBounds; }

const double* a2a3_allowed_factors(void) { return a2a3sim::kAllowedFactors; }

int a2a3_compare(const a2a3_comparison* comparison, a2a3_difference* difference) {
    return guarded([&] {
        *difference = a2a3sim::compare(*comparison);
        return A2A3_OK;
    });
}

}  // extern "C"
