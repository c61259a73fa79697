#include "isolation/case_run.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cfenv>
#include <cstdlib>
#include <cstring>

#include "base/failure.h"
#include "device/places.h"
#include "faults/faults.h"
#include "faults/process_state.h"
#include "isolation/left_behind.h"

namespace a2a3sim {

namespace {

/// Processes that the system has ended for want of memory since it started; 0 if it does not tell.
uint64_t out_of_memory_kills() {
    const int file = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    char text[16384];
    const ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) return 0;
    text[length] = '\0';
    constexpr char kName[] = "\noom_kill ";
    const char* const line = std::strstr(text, kName);
    return line == nullptr ? 0 : std::strtoull(line + sizeof kName - 1, nullptr, 10);
}

std::shared_ptr<ServerProcess> server_for(const CaseDescription& description) {
    if (description.process_server == nullptr) return nullptr;
    return description.process_server->process_for(description);
}

/// None where the system has none (`ulimit -f`).
std::unique_ptr<KeptFiles::Lent> file_of_recording(const CaseDescription& description) {
    try {
        return description.process_server->recordings().take();
    } catch (const std::system_error&) {
        return nullptr;
    }
}

std::optional<SharedFile> file_of_state() {
    try {
        return SharedFile();
    } catch (const std::system_error&) {
        return std::nullopt;
    }
}

}  // namespace

CaseRun::CaseRun(CaseDescription description)
    : description_(std::move(description)),
      server_(server_for(description_)),
      recording_file_(server_ != nullptr ? file_of_recording(description_) : nullptr),
      file_(recording_file_ != nullptr ? file_of_state() : std::nullopt),
      shared_(description_, file_ ? &*file_ : nullptr,
              recording_file_ != nullptr ? &recording_file_->file() : nullptr),
      last_progress_ns_(monotonic_nanoseconds()) {
    end_.isolated = description_.isolate;
    if (description_.isolate) {
        start_process();
        kills_before_ = out_of_memory_kills();  // the process has not had time for much memory yet
    } else {
        simulate_in_this_process();
        note_time_of_end();
    }
}

CaseRun::~CaseRun() {
    const bool is_read = readers_.use_count() > 1;
    if (is_read && recording_file_ != nullptr) recording_file_->leave_to_readers();
}

void CaseRun::start_process() {
    const Descriptor window = description_.window->take_file();
    if (!file_ || !process_.start(description_, shared_, std::move(server_),
                                  {*file_, recording_file_->file(), window})) {
        process_.start(description_, shared_);
    }
    file_.reset();  // which is mapped
}

void CaseRun::simulate_in_this_process() {
    const ProcessState before;
    fenv_t float_environment;
    std::fegetenv(&float_environment);
    simulate(description_, shared_, [] {});
    std::fesetenv(&float_environment);
    before.restore();
}

void CaseRun::note_end(const Reaped& end) noexcept {
    end_.wait_status = end.wait_status;
    end_.peak_rss_bytes = end.peak_rss_bytes;
    end_.out_of_memory = WIFSIGNALED(end.wait_status) && WTERMSIG(end.wait_status) == SIGKILL &&
                         end_.hang_seconds <= 0 && out_of_memory_kills() != kills_before_;
    note_time_of_end();
}

void CaseRun::note_time_of_end() noexcept {
    end_.ticks = read_ticks();
    end_.ticks_per_second = tick_rate_.ticks_per_second();
}

const Outcome& CaseRun::outcome() {
    if (!outcome_) outcome_ = read_outcome(description_, shared_, end_);
    return *outcome_;
}

bool CaseRun::hangs(double hang_seconds) {
    const uint64_t progress = read_progress(shared_.control);
    const int64_t now = monotonic_nanoseconds();
    if (progress != last_progress_) {
        last_progress_ = progress;
        last_progress_ns_ = now;
    }
    return to_seconds(now - last_progress_ns_) >= hang_seconds;
}

void CaseRun::dump_threads() {
    constexpr int64_t kPatience = 500'000'000;  // nanoseconds; a thread may block the signal
    std::vector<std::atomic<int32_t>*> awaited;
    const auto ask = [&](int32_t thread, ThreadDump& dump) {
        if (syscall(SYS_tgkill, process_.pid(), thread, dump_signal()) == 0) {
            awaited.push_back(&dump.complete);
        }
    };
    Dumps& dumps = *shared_.control.dumps;
    const int32_t count = read_worker_count(shared_.control);
    for (int32_t i = 0; i < count; ++i) {
        const WorkerSlot& slot = shared_.control.live->workers[i];
        if (slot.task_id.load(std::memory_order_acquire) < 0) continue;
        ask(slot.thread_id.load(std::memory_order_relaxed), dumps.workers[i]);
    }
    if (count == 0) {
        ask(shared_.control.live->main_thread_id.load(std::memory_order_relaxed),
            dumps.main_thread);
    }
    const int64_t end = monotonic_nanoseconds() + kPatience;
    const auto complete = [](const std::atomic<int32_t>* flag) {
        return flag->load(std::memory_order_acquire) != 0;
    };
    while (monotonic_nanoseconds() < end &&
           !std::all_of(awaited.begin(), awaited.end(), complete)) {
        usleep(1000);
    }
}

bool CaseRun::is_complete() const { return read_phase(shared_.control) >= A2A3_PHASE_ORDERS; }

void CaseRun::end_hanging_child(double seconds, bool timed_out) {
    if (!is_complete()) dump_threads();
    end_.hang_seconds = seconds;
    end_.timed_out = timed_out;
    process_.kill();
    note_end(process_.reap());
}

void CaseRun::time_out(double seconds) {
    if (process_.exists() && !outcome_) end_hanging_child(seconds, true);
    outcome();
}

a2a3_status CaseRun::wait(a2a3_until until, double seconds, double hang_seconds) {
    constexpr double kWatchInterval = 0.1;
    constexpr double kOrderPatience = 2;  // seconds; tasks may wait for others that run beside them
    const News awaited = until == A2A3_UNTIL_OUTPUTS ? News::kOutputs : News::kLeave;
    const int64_t start = monotonic_nanoseconds();
    while (process_.exists() && !outcome_) {
        const double left = seconds - to_seconds(monotonic_nanoseconds() - start);
        const CaseProcess::State state =
            process_.look(awaited, std::clamp(left, 0.0, std::min(kWatchInterval, hang_seconds)));
        if (state == CaseProcess::State::kHasEnded) {
            note_end(process_.reap());
        } else if (state == CaseProcess::State::kLeaves) {
            note_end({0, shared_.control.report->peak_rss_bytes});
            break;
        } else if (state == CaseProcess::State::kHasOutputs) {
            return A2A3_OK;
        } else if (hangs(is_complete() ? std::min(kOrderPatience, hang_seconds) : hang_seconds)) {
            end_hanging_child(to_seconds(monotonic_nanoseconds() - last_progress_ns_), false);
        } else if (left <= 0) {
            return A2A3_RUNNING;
        }
    }
    return outcome().ending.failure == A2A3_FAILURE_NONE ? A2A3_OK : A2A3_FAILED;
}

a2a3_ending CaseRun::ending() const noexcept {
    if (outcome_) return outcome_->ending;
    a2a3_ending ending{};
    ending.phase = read_phase(shared_.control);
    ending.task_id = ending.func_id = ending.core_type = ending.core_id = -1;
    ending.exit_status = -1;
    ending.missing_argument = -1;
    return ending;
}

bool CaseRun::progress(a2a3_progress& progress) const noexcept {
    if (outcome_ || read_phase(shared_.control) != A2A3_PHASE_EXECUTE) return false;
    a2a3_ending begun{};
    const a2a3_ending& left = shared_.control.report->ending;
    const double passed = to_seconds(monotonic_nanoseconds() - description_.start_nanoseconds);
    copy_phase_seconds(left, passed, begun);
    progress.task_count = std::max<int64_t>(left.task_count, 0);
    read_progress(shared_.control, kernels_of(description_), progress);
    progress.seconds = passed;
    for (int phase = 0; phase < A2A3_PHASE_EXECUTE; ++phase) {
        progress.seconds -= begun.phase_seconds[phase];
    }
    return true;
}

a2a3_recording CaseRun::map_recording() const {
    if (!outcome_ || outcome_->ending.failure != A2A3_FAILURE_NONE) {
        throw std::logic_error("a case that did not run to its end has no recording");
    }
    auto reader = std::make_unique<std::shared_ptr<char>>(readers_);
    a2a3_recording recording =
        shared_.recording.map_again(outcome_->ending, description_.records_arguments);
    recording.reader = reader.release();
    return recording;
}

void unmap(const a2a3_recording& recording) noexcept {
    munmap(recording.memory, recording.nbytes);
    delete static_cast<std::shared_ptr<char>*>(recording.reader);
}

a2a3_place CaseRun::place(uint64_t address, const uint64_t* args, int arg_count) const noexcept {
    static const std::vector<DeviceBuffer> none;
    return find_place(address, outcome_ ? outcome_->buffers : none, *description_.window,
                      description_.tensors, args, arg_count);
}

}  // namespace a2a3sim
