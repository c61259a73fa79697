// Cases that write over the memory that they share with their parent, and a parent that asks
// everything about them. Usage: fuzz_test FUZZ_CASE FIRST_SEED COUNT; prints the first broken
// promise and exits with 1.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "scribble.h"

extern "C" {
#include "engine_api.h"
}

namespace {

constexpr int kAllChecks = A2A3_CHECK_MEMCHECK | A2A3_CHECK_RACECHECK | A2A3_CHECK_INITCHECK;
constexpr int64_t kDumpLimit = 4096;
constexpr uint64_t kAfterTheEnd = 9;  // the parent itself writes, when the process has ended

uint64_t current_seed = 0;

/// Prints the seed and the broken promise, and ends the process.
[[gnu::format(printf, 2, 3)]] void check(bool holds, const char* pattern, ...) {
    if (holds) return;
    std::fprintf(stderr, "seed %llu: ", static_cast<unsigned long long>(current_seed));
    va_list values;
    va_start(values, pattern);
    std::vfprintf(stderr, pattern, values);
    va_end(values);
    std::fputc('\n', stderr);
    std::_Exit(1);
}

void ask_for_graph(const a2a3_recording& recording) {
    const int64_t count = recording.task_count;
    std::vector<a2a3_task_times> times(static_cast<size_t>(count));
    std::vector<int32_t> tasks(times.size());
    std::iota(tasks.begin(), tasks.end(), 0);
    a2a3_recording_times(&recording, tasks.data(), recording.task_count, times.data());
    std::vector<double> seconds;
    std::vector<int8_t> core_types;
    for (const a2a3_task_times& task : times) {
        seconds.push_back(task.end - task.start);
        core_types.push_back(static_cast<int8_t>(task.core_type));
    }
    const a2a3_timed_graph graph{static_cast<int32_t>(count), seconds.data(), core_types.data(),
                                 recording.first_successor, recording.successors};
    double makespan = 0;
    check(a2a3_list_schedule(&graph, 2, &makespan) == A2A3_OK, "list_schedule");
    std::vector<int32_t> path(static_cast<size_t>(count));
    int32_t length = 0;
    check(a2a3_critical_path(&graph, path.data(), &length) == A2A3_OK, "critical_path");
    check(length >= 0 && length <= count, "a path of %d tasks", length);
}

void ask_for_buffer(const a2a3_run* run, const a2a3_ending& ending, const a2a3_finding& finding) {
    for (const int32_t task : {finding.tasks[0], finding.tasks[1], finding.writer}) {
        check(task >= -1 && task < ending.task_count, "a finding about task %d", task);
    }
    check(finding.tasks[0] >= 0 && finding.bytes <= finding.span, "a finding");
    check(finding.tensor >= -1 && finding.tensor < 1, "a finding about tensor %d", finding.tensor);
    a2a3_buffer buffer;
    const bool found = a2a3_run_buffer(run, finding.buffer, &buffer) != 0;
    check(found == (finding.buffer >= 0), "the buffer of a finding");
}

void ask_for_dump(const a2a3_run* run, const a2a3_ending& ending) {
    int64_t descriptions = 0;
    const a2a3_description* const described = a2a3_run_descriptions(run, &descriptions);
    for (int64_t i = 0; i < descriptions; ++i) {
        check(described[i].tensor < 1 && described[i].dimensions <= A2A3_MOST_DIMENSIONS,
              "a description");
        check(std::memchr(described[i].name, 0, sizeof described[i].name) != nullptr &&
                  std::memchr(described[i].dtype, 0, sizeof described[i].dtype) != nullptr,
              "a text of a description");
    }
    int64_t ranges = 0;
    const a2a3_dumped_range* const kept = a2a3_run_dumped_ranges(run, &ranges);
    for (int64_t i = 0; i < ranges; ++i) {
        a2a3_buffer buffer;
        check(a2a3_run_buffer(run, kept[i].buffer, &buffer) != 0, "the buffer of a range");
        check(kept[i].offset + kept[i].size <= buffer.size, "a range beyond its buffer");
        check(kept[i].description >= -1 && kept[i].description < descriptions, "what a range is");
        for (const int64_t position : {kept[i].found, kept[i].left}) {
            check(position >= -1 && position <= kDumpLimit, "where a range is kept");
        }
    }
    int64_t tasks = 0;
    const a2a3_dumped_task* const dumped = a2a3_run_dumped_tasks(run, &tasks);
    for (int64_t i = 0; i < tasks; ++i) {
        check(dumped[i].task >= 0 && dumped[i].task < ending.task_count && dumped[i].func_id == 0,
              "a dumped task");
        for (int j = 0; j < dumped[i].arg_count; ++j) {
            check(dumped[i].ranges[j] >= -1 && dumped[i].ranges[j] < ranges, "its ranges");
        }
    }
    a2a3_dump_gaps gaps;
    a2a3_run_dump_gaps(run, &gaps);
    check(gaps.left_out >= 0 && gaps.error >= 0, "the gaps of a dump");
}

void ask_for_everything(a2a3_run* run, int status) {
    a2a3_ending ending;
    a2a3_run_ending(run, &ending);
    check((ending.failure == A2A3_FAILURE_NONE) == (status == A2A3_OK), "the status");
    check(ending.failure >= 0 && ending.failure <= A2A3_FAILURE_CORRUPTED, "the failure");
    check(ending.phase >= 0 && ending.phase < A2A3_PHASE_COUNT, "the phase");
    check(ending.access >= 0 && ending.access <= A2A3_ACCESS_EXECUTE, "the access");
    check(ending.task_id >= -1 && ending.core_type >= -1 && ending.core_type <= 1, "the culprit");
    check(std::memchr(ending.message, 0, sizeof ending.message) != nullptr, "the message");
    for (const double seconds : ending.phase_seconds) {
        check(std::isfinite(seconds) && seconds >= 0, "the time of a phase");
    }
    a2a3_running_task running[4];
    int32_t running_count = -1;
    check(a2a3_run_running_tasks(run, running, 4, &running_count) == A2A3_OK, "running tasks");
    check(running_count >= 0 && running_count <= 4, "%d running tasks", running_count);
    uint64_t sum = 0;
    for (int i = 0; i < running_count; ++i) {
        const a2a3_snapshot& snapshot = running[i].snapshot;
        for (int j = 0; j < snapshot.arg_count; ++j) sum += snapshot.args[j];
        for (int j = 0; j < snapshot.frame_count; ++j) sum += snapshot.frames[j];
        check(std::isfinite(running[i].seconds), "the time of a running task");
    }
    int64_t count = 0;
    const a2a3_copied_range* const ranges = a2a3_run_copied_ranges(run, &count);
    for (int64_t i = 0; i < count; ++i) {
        check(ranges[i].tensor == 0 && ranges[i].offset + ranges[i].size <= 64, "a copied range");
        check(ranges[i].buffer >= 0, "the buffer of a copied range");
    }
    const a2a3_object* const objects = a2a3_run_objects(run, &count);
    for (int64_t i = 0; i < count; ++i) sum += std::strlen(objects[i].path);
    const a2a3_finding* const findings = a2a3_run_findings(run, &count);
    for (int64_t i = 0; i < count; ++i) ask_for_buffer(run, ending, findings[i]);
    for (int64_t i = 0; i < ending.snapshot.arg_count; ++i) sum += ending.snapshot.args[i];
    for (int64_t i = 0; i < ending.snapshot.frame_count; ++i) sum += ending.snapshot.frames[i];
    const a2a3_buffer_use& use = ending.use;
    check(use.task_count >= 0 && use.task_count <= ending.task_count, "the tasks of a buffer");
    for (int i = 0; i < std::min<int64_t>(use.task_count, A2A3_FIRST_TASKS); ++i) {
        check(use.tasks[i] >= 0 && use.tasks[i] < ending.task_count, "a task of a buffer");
    }
    for (int64_t i = 0; i < use.allocation.frame_count; ++i) sum += use.allocation.frames[i];
    a2a3_place place;
    a2a3_run_place(run, ending.address, ending.snapshot.args, ending.snapshot.arg_count, &place);
    a2a3_run_place(run, sum, nullptr, 0, &place);
    check(place.tensor >= -1 && place.tensor < 1, "a place");
    ask_for_dump(run, ending);
    a2a3_recording recording;
    if (a2a3_run_map_recording(run, &recording) != A2A3_OK) {
        check(status == A2A3_FAILED, "no recording of a case that passed");
        return;
    }
    check(status == A2A3_OK, "the recording of a case that failed");
    ask_for_graph(recording);
    a2a3_unmap_recording(&recording);
}

/// Whether it may pass: nothing wrote over what the parent reads.
bool may_pass(uint64_t phase, uint64_t how) {
    // A thread of the case may come too late, and what is written before the graph runs is written
    // anew. What the parent writes over may be what nobody reads.
    return phase == kAfterTheEnd || phase < 4 || how == 6;
}

/// Of the whole program.
a2a3_process_server* process_server() {
    static a2a3_process_server* const server = [] {
        a2a3_process_server* made = nullptr;
        const char* const command[] = {"/proc/self/exe", "--serve"};
        const int32_t words = 2;
        check(a2a3_process_server_create(command, &words, 1, &made) == A2A3_OK, "a server");
        return made;
    }();
    return server;
}

void run(const char* object, uint64_t seed) {
    constexpr uint64_t kPhases[] = {1, 2, 4, 4, kAfterTheEnd, kAfterTheEnd};
    const uint64_t phase = kPhases[seed % 6];
    const uint64_t how = phase == kAfterTheEnd ? 0 : seed / 6 % 7;
    const bool sanitized = seed / 42 % 2 == 1;
    const bool dumped = seed / 42 % 3 != 0;
    // Whose children are not this program's to wait for.
    const bool served = phase != kAfterTheEnd;
    a2a3_window* window = nullptr;
    const uint64_t sizes[] = {64, 64};
    check(a2a3_window_create(sizes, 1, 2, served, 1, &window) == A2A3_OK, "a window");
    void* const out = a2a3_window_tensor(window, 1);
    const a2a3_kernel kernel{"fuzz", object, "kernel_entry", 0, A2A3_CORE_AIC};
    const a2a3_tensor tensor{"out", out, 64, 0, 0, 0, 1, {16}, 0};
    const a2a3_argument args[] = {
        {phase, -1}, {how, -1}, {seed, -1}, {reinterpret_cast<uint64_t>(out), 0}};
    a2a3_request request{};
    request.orchestration_path = object;
    request.orchestration_symbol = "orchestrate";
    request.kernels = &kernel;
    request.kernel_count = 1;
    request.tensors = &tensor;
    request.tensor_count = 1;
    request.window = window;
    if (served) request.process_server = process_server();
    request.args = args;
    request.arg_count = 4;
    request.block_dim = 2;
    request.thread_count = sanitized || dumped ? 1 : 2;
    FILE* const file = std::tmpfile();
    check(file != nullptr, "a file for the dump");
    request.dump.limit = dumped ? kDumpLimit : 0;
    request.dump.descriptor = fileno(file);
    request.dump.all = 1;
    request.checks = sanitized ? kAllChecks : 0;
    request.isolate = 1;
    request.device_memory_size = 1 << 20;
    request.described_buffer = static_cast<int64_t>(seed % 3) - 1;
    request.output_descriptor = request.error_descriptor = -1;
    if (phase == 1) {
        setenv("FUZZ_WHILE_LOADED", std::to_string(seed * 7 + how).c_str(), 1);
    } else {
        unsetenv("FUZZ_WHILE_LOADED");
    }
    a2a3_run* run = nullptr;
    check(a2a3_run_start(&request, &run) == A2A3_OK, "%s", a2a3_last_error());
    if (phase == kAfterTheEnd) {
        siginfo_t info;
        check(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) == 0, "the end of the process");
        check(scribble(seed, true) > 0, "there is shared memory");
    }
    int status = A2A3_RUNNING;
    for (int tries = 0; status == A2A3_RUNNING; ++tries) {
        status = a2a3_run_wait(run, A2A3_UNTIL_END, 0.1, 2.0);
        if (tries == 100) check(a2a3_run_time_out(run, 10) == A2A3_OK, "%s", a2a3_last_error());
    }
    check(status != A2A3_ERROR, "%s", a2a3_last_error());
    ask_for_everything(run, status);
    check(status == A2A3_FAILED || may_pass(phase, how),
          "a case passes whose kernel wrote over "
          "shared memory");
    a2a3_run_destroy(run);
    a2a3_window_destroy(window);
    std::fclose(file);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::strcmp(argv[1], "--serve") == 0) a2a3_serve_processes(0);
    check(argc == 4, "usage: fuzz_test FUZZ_CASE FIRST_SEED COUNT");
    const uint64_t first = std::strtoull(argv[2], nullptr, 10);
    const uint64_t count = std::strtoull(argv[3], nullptr, 10);
    for (uint64_t seed = first; seed < first + count; ++seed) {
        current_seed = seed;
        run(argv[1], seed);
    }
    a2a3_process_server_destroy(process_server());
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    constexpr long kMostKilobytes = 1L << 20;  // address sanitizer and its quarantine included
    check(usage.ru_maxrss < kMostKilobytes, "%ld KiB of memory", usage.ru_maxrss);
    std::puts("every case is one result");
}
