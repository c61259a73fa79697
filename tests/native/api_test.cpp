// The C interface on a real case while memory runs out: whatever the number of allocations that
// still succeed, a call does what it is for or returns A2A3_ERROR and has a text, and no exception
// leaves it. Usage: api_test ORCHESTRATION KERNEL; prints the first broken promise and exits
// with 1.
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <numeric>
#include <vector>

#include "expect.h"
#include "limited_memory.h"

extern "C" {
#include "engine_api.h"
}

namespace {

constexpr int kHangs = 1;  // the orchestration's argument that makes the kernel hang
constexpr double kPatience = 60;

/// Calls with `left` allocations until all those that the call makes succeed, but for at least
/// `tries` numbers; returns the last status.
template <typename Call>
int sweep(const char* name, Call call, int tries = 1) {
    const pid_t process = getpid();
    for (int left = 0;; ++left) {
        int status = A2A3_OK;
        allocations_left = left;
        try {
            status = call();
        } catch (...) {
            allocations_left = kUnlimited;
            expect(false, "%s: an exception leaves it after %d allocations", name, left);
        }
        allocations_left = kUnlimited;
        expect(getpid() == process, "%s: the simulating process returns from it", name);
        if (status == A2A3_ERROR) {
            expect(std::strlen(a2a3_last_error()) > 0, "%s: an error without a text", name);
        } else if (left + 1 >= tries) {
            return status;
        }
    }
}

class Case {
  public:
    Case(const char* orchestration, const char* kernel, uint64_t arg)
        : kernel_{"spin", kernel, "spin", 0, A2A3_CORE_AIC}, arg_{arg, -1} {
        expect(a2a3_window_create(kTensors, 1, 2, 0, 1, &window_) == A2A3_OK, "a window");
        request_.orchestration_path = orchestration;
        request_.orchestration_symbol = "orchestrate";
        request_.kernels = &kernel_;
        request_.kernel_count = 1;
        request_.window = window_;
        request_.args = &arg_;
        request_.arg_count = 1;
        request_.block_dim = 2;
        request_.thread_count = 2;
        request_.isolate = 1;
        request_.device_memory_size = 1 << 20;
        request_.described_buffer = -1;
        request_.output_descriptor = -1;
        request_.error_descriptor = -1;
    }
    ~Case() {
        a2a3_run_destroy(run_);
        a2a3_window_destroy(window_);
    }
    Case(const Case&) = delete;
    Case& operator=(const Case&) = delete;

    static constexpr uint64_t kTensors[] = {64, 64};  // bytes: an input, and an output

    a2a3_request& request() { return request_; }
    a2a3_run* run() { return run_; }

    int start() {
        a2a3_run_destroy(run_);
        run_ = nullptr;
        return a2a3_run_start(&request_, &run_);
    }
    int wait(double hang_seconds) {
        return a2a3_run_wait(run_, A2A3_UNTIL_END, kPatience, hang_seconds);
    }

    a2a3_ending ending() const {
        a2a3_ending ending;
        a2a3_run_ending(run_, &ending);
        return ending;
    }

    /// Starts a case whose kernel hangs, and waits until it does.
    void start_hanging() {
        expect(start() == A2A3_OK, "start: %s", a2a3_last_error());
        while (a2a3_run_wait(run_, A2A3_UNTIL_END, 0.01, kPatience) == A2A3_RUNNING &&
               ending().phase != A2A3_PHASE_EXECUTE) {
        }
        expect(a2a3_run_wait(run_, A2A3_UNTIL_END, 0.1, kPatience) == A2A3_RUNNING,
               "the kernel hangs");
    }

  private:
    a2a3_kernel kernel_;
    a2a3_argument arg_;
    a2a3_window* window_ = nullptr;
    a2a3_run* run_ = nullptr;
    a2a3_request request_{};
};

void expect_failure(const Case& hanging, a2a3_failure failure) {
    const a2a3_ending ending = hanging.ending();
    expect(ending.failure == failure, "failure %d in phase %d, message '%s'", ending.failure,
           ending.phase, ending.message);
}

void create_windows() {
    a2a3_window* window = nullptr;
    sweep("window_create", [&] { return a2a3_window_create(Case::kTensors, 1, 2, 0, 1, &window); });
    a2a3_window_destroy(window);
    for (const uint64_t size : {uint64_t{1} << 60, UINT64_MAX}) {
        sweep("window_create, too large", [&] {
            const int status = a2a3_window_create(&size, 1, 1, 0, 1, &window);
            expect(status == A2A3_ERROR, "a window of %llu bytes",
                   static_cast<unsigned long long>(size));
            return allocations_left > 0 ? A2A3_OK : status;
        });
    }
}

/// The simulating process runs out of memory at one place after the other, and tells it each time.
void run_until_it_succeeds(Case& succeeds) {
    for (int left = 0;; ++left) {
        allocations_left = left;
        int status = succeeds.start();
        allocations_left = kUnlimited;
        if (status == A2A3_ERROR) continue;
        status = succeeds.wait(kPatience);
        if (status == A2A3_OK) break;
        expect(status == A2A3_FAILED, "wait returns %d", status);
        expect_failure(succeeds, A2A3_FAILURE_OUT_OF_MEMORY);
    }
}

void run_cases(const char* orchestration, const char* kernel) {
    Case succeeds(orchestration, kernel, 0);
    run_until_it_succeeds(succeeds);
    a2a3_recording recording;
    sweep("map_recording", [&] { return a2a3_run_map_recording(succeeds.run(), &recording); });
    expect(recording.task_count == 2 && recording.edge_count == 1, "the recording");
    std::vector<a2a3_task_times> times(2);
    std::vector<int32_t> tasks(times.size());
    std::iota(tasks.begin(), tasks.end(), 0);
    a2a3_recording_times(&recording, tasks.data(), recording.task_count, times.data());
    expect(times[0].end <= times[1].start, "the times");
    a2a3_unmap_recording(&recording);
}

void sanitize_cases(const char* orchestration, const char* kernel) {
    Case succeeds(orchestration, kernel, 0);
    succeeds.request().thread_count = 1;
    succeeds.request().checks = A2A3_CHECK_MEMCHECK | A2A3_CHECK_RACECHECK | A2A3_CHECK_INITCHECK;
    run_until_it_succeeds(succeeds);
    const a2a3_sanitized sanitized = succeeds.ending().sanitized;
    expect(sanitized.tasks == 2 && sanitized.findings == 0, "what the sanitizer looked at");
    int64_t count = -1;
    a2a3_run_findings(succeeds.run(), &count);
    expect(count == 0, "%lld findings", static_cast<long long>(count));
    a2a3_buffer buffer;
    expect(a2a3_run_buffer(succeeds.run(), 0, &buffer) != 0 && buffer.size == 64, "the buffer");
    expect(a2a3_run_buffer(succeeds.run(), 1, &buffer) == 0, "a buffer that there is none of");
}

void dump_cases(const char* orchestration, const char* kernel) {
    constexpr int kSize = 64;  // of the tasks' one buffer
    FILE* const file = std::tmpfile();
    expect(file != nullptr, "a file for the dump");
    Case succeeds(orchestration, kernel, 0);
    succeeds.request().thread_count = 1;
    a2a3_dump_request& dump = succeeds.request().dump;
    dump.descriptor = fileno(file);
    dump.all = 1;
    dump.limit = 1 << 20;
    run_until_it_succeeds(succeeds);
    int64_t count = 0;
    const a2a3_dumped_task* const tasks = a2a3_run_dumped_tasks(succeeds.run(), &count);
    expect(count == 2 && tasks[0].task == 0 && tasks[1].task == 1, "the dumped tasks");
    expect(tasks[1].finished == 1 && tasks[1].ranges[0] == 1 && tasks[1].ranges[1] == -1,
           "a dumped task");
    const a2a3_dumped_range* const ranges = a2a3_run_dumped_ranges(succeeds.run(), &count);
    expect(count == 2 && ranges[1].found == kSize && ranges[1].left == kSize &&
               ranges[1].size == kSize && ranges[1].changed == 0,
           "a dumped range");
    unsigned char bytes[2 * kSize];
    expect(pread(dump.descriptor, bytes, sizeof bytes, 0) == sizeof bytes, "the bytes");
    for (const unsigned char byte : bytes) expect(byte == A2A3_POISON_NAN, "byte %d", byte);

    const int32_t second = 1;
    dump.all = 0;
    dump.tasks = &second;
    dump.task_count = 1;
    dump.limit = kSize - 1;
    run_until_it_succeeds(succeeds);
    a2a3_dump_gaps gaps;
    a2a3_run_dump_gaps(succeeds.run(), &gaps);
    a2a3_run_dumped_tasks(succeeds.run(), &count);
    expect(count == 1 && gaps.left_out == 1 && gaps.error == 0, "what is left out");
    std::fclose(file);
}

void end_hanging_cases(const char* orchestration, const char* kernel) {
    Case hangs(orchestration, kernel, kHangs);
    hangs.start_hanging();
    expect(sweep("run_wait", [&] { return hangs.wait(0.1); }) == A2A3_FAILED, "a hang");
    expect_failure(hangs, A2A3_FAILURE_KERNEL_HANG);

    hangs.start_hanging();
    sweep("time_out", [&] { return a2a3_run_time_out(hangs.run(), 1.0); });
    expect_failure(hangs, A2A3_FAILURE_KERNEL_HANG);
    a2a3_running_task running[4];
    int32_t count = 0;
    sweep("running_tasks", [&] { return a2a3_run_running_tasks(hangs.run(), running, 4, &count); });
    expect(count == 1 && running[0].task_id == 0, "the task that hangs");
    expect(running[0].snapshot.frame_count > 0, "where it hangs");
    sweep("map_recording of a failed case", [&] {
        a2a3_recording recording;
        const int status = a2a3_run_map_recording(hangs.run(), &recording);
        expect(status == A2A3_ERROR, "a recording of a failed case");
        return allocations_left > 0 ? A2A3_OK : A2A3_ERROR;
    });
}

void refuse_devices(const char* orchestration, const char* kernel) {
    Case refused(orchestration, kernel, 0);
    for (const int block_dim : {0, -1, 1 << 20}) {
        refused.request().block_dim = block_dim;
        expect(refused.start() == A2A3_ERROR, "block_dim %d", block_dim);
        expect(std::strstr(a2a3_last_error(), "block_dim") != nullptr, "%s", a2a3_last_error());
    }
}

void analyse_graphs() {
    const double seconds[] = {1, 2};
    const int8_t core_types[] = {A2A3_CORE_AIC, A2A3_CORE_AIV};
    const uint32_t first_successor[] = {0, 1, 1};
    const int32_t successors[] = {1};
    const a2a3_timed_graph graph{2, seconds, core_types, first_successor, successors};
    double makespan = 0;
    sweep("list_schedule", [&] { return a2a3_list_schedule(&graph, 1, &makespan); });
    expect(makespan > 2.5 && makespan < 3.5, "the makespan is %f", makespan);
    int32_t path[2];
    int32_t length = 0;
    sweep("critical_path", [&] { return a2a3_critical_path(&graph, path, &length); });
    expect(length == 2 && path[0] == 0 && path[1] == 1, "the critical path");
}

void compare_tensors() {
    constexpr size_t kCount = 1'000'000;
    const std::vector<float> actual(kCount, 1.0f);
    std::vector<float> expected(kCount, 1.0f);
    expected.back() = 2.0f;
    a2a3_comparison comparison{};
    comparison.actual = actual.data();
    comparison.expected = expected.data();
    comparison.count = kCount;
    comparison.element = A2A3_FLOAT32;
    comparison.thread_count = 4;
    sweep(
        "compare",
        [&] {
            a2a3_difference difference;
            const int status = a2a3_compare(&comparison, &difference);
            expect(status == A2A3_ERROR || difference.mismatched == 1, "a comparison");
            return status;
        },
        12);
    comparison.element = -1;
    sweep("compare, unknown type", [&] {
        a2a3_difference difference;
        expect(a2a3_compare(&comparison, &difference) == A2A3_ERROR, "an unknown type");
        return allocations_left > 0 ? A2A3_OK : A2A3_ERROR;
    });
}

}  // namespace

int main(int argc, char** argv) {
    expect(argc == 3, "usage: api_test ORCHESTRATION KERNEL");
    create_windows();
    run_cases(argv[1], argv[2]);
    sanitize_cases(argv[1], argv[2]);
    dump_cases(argv[1], argv[2]);
    end_hanging_cases(argv[1], argv[2]);
    refuse_devices(argv[1], argv[2]);
    analyse_graphs();
    compare_tensors();
    std::puts("every call survives");
}
