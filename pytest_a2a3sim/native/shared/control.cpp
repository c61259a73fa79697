#include "shared/control.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace a2a3sim {

namespace {

thread_local WorkerSlot* tls_worker = nullptr;

}  // namespace

int32_t system_thread_id() { return static_cast<int32_t>(syscall(SYS_gettid)); }

WorkerSlot* current_worker() { return tls_worker; }

WorkingThread::WorkingThread(WorkerSlot& slot) { tls_worker = &slot; }

WorkingThread::~WorkingThread() { tls_worker = nullptr; }

Control::Control(SharedFile* file) : live(file), report(file), dumps(file) {
    draft.task_id = draft.func_id = draft.core_type = draft.core_id = -1;
    draft.exit_status = -1;
    draft.missing_argument = -1;
    live->loading_func_id.store(-1, std::memory_order_relaxed);
}

bool Control::begin(int32_t process) {
    int32_t none = 0;
    return report->process.compare_exchange_strong(none, process);
}

int32_t Control::refuse_to_begin() {
    int32_t process = 0;
    report->process.compare_exchange_strong(process, -1);
    return process;
}

void Control::enter(a2a3_phase phase) {
    phase_.store(phase, std::memory_order_relaxed);
    edit_report(0);
}

void Control::finish(uint64_t receipt) {
    phase_.store(A2A3_PHASE_ORDERS, std::memory_order_relaxed);
    edit_report(receipt);
    if (claimed_.exchange(1) != 0) return;
    completed_.store(2, std::memory_order_release);
    report.set_writable(true);
    tell(News::kOutputs);
    report.set_writable(false);
}

void Control::begin_pair_order(const a2a3_order& order) {
    report.set_writable(true);
    report->ending.pair_order = order;
    report.set_writable(false);
}

void Control::finish_orders() {
    phase_.store(A2A3_PHASE_DONE, std::memory_order_relaxed);
    report.set_writable(true);
    report->ending.orders_agree = draft.orders_agree;
    std::memcpy(report->ending.phase_seconds, draft.phase_seconds, sizeof draft.phase_seconds);
    report->phase.store(phase(), std::memory_order_release);
    report.set_writable(false);
}

void Control::take_leave(uint64_t peak_rss_bytes) {
    report.set_writable(true);
    report->peak_rss_bytes = peak_rss_bytes;
    tell(News::kLeave);
}

void Control::tell(News news) {
    const uint32_t word = first_news_ + static_cast<uint32_t>(news);
    report->news.store(word, std::memory_order_release);
    syscall(SYS_futex, &report->news, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

News Control::news() const {
    const uint32_t passed = report->news.load(std::memory_order_acquire) - first_news_;
    return passed <= static_cast<uint32_t>(News::kLeave) ? static_cast<News>(passed) : News::kNone;
}

News Control::wait_for(News wanted, double seconds) const {
    static_assert(sizeof report->news == sizeof first_news_);
    const uint32_t word = report->news.load(std::memory_order_acquire);
    if (const News newest = news(); newest >= wanted) return newest;
    const auto nanoseconds = static_cast<int64_t>(seconds * 1e9);
    const timespec timeout{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
    syscall(SYS_futex, &report->news, FUTEX_WAIT, word, &timeout, nullptr, 0);
    return news();
}

void Control::edit_report(uint64_t receipt) {
    editing_.store(1);
    // Once a thread has failed the case, the report is that thread's.
    if (claimed_.load() == 0) {
        report.set_writable(true);
        std::memcpy(static_cast<void*>(&report->ending), &draft, offsetof(a2a3_ending, message));
        report->receipt = receipt;
        report->phase.store(phase(), std::memory_order_release);
        report.set_writable(false);
    }
    editing_.store(0);
}

void Control::complete(int32_t extent) {
    report->failure_complete.store(extent, std::memory_order_release);
    completed_.store(extent, std::memory_order_release);
}

void Control::start_loading(int func_id) {
    loading_func_id_ = func_id;
    live->loading_func_id.store(func_id, std::memory_order_relaxed);
}

void Control::count_orchestration_call() {
    live->orchestration_calls.store(++orchestration_calls_, std::memory_order_relaxed);
}

void Control::start_workers(int count) {
    for (int i = 0; i < count; ++i) {
        WorkerSlot& slot = live->workers[i];
        slot.task_id.store(-1, std::memory_order_relaxed);
        slot.events.store(0, std::memory_order_relaxed);
    }
    worker_count_.store(count, std::memory_order_release);
    live->worker_count.store(count, std::memory_order_release);
}

void Control::show_workers_of(const Control& other) {
    const int32_t count = other.live->worker_count.load(std::memory_order_acquire);
    for (int32_t i = 0; i < count; ++i) {
        const WorkerSlot& from = other.live->workers[i];
        WorkerSlot& to = live->workers[i];
        const int32_t task = from.task_id.load(std::memory_order_acquire);
        to.func_id.store(from.func_id.load(std::memory_order_relaxed), std::memory_order_relaxed);
        to.core_type.store(from.core_type.load(std::memory_order_relaxed),
                           std::memory_order_relaxed);
        to.core_id.store(from.core_id.load(std::memory_order_relaxed), std::memory_order_relaxed);
        to.start_ticks.store(from.start_ticks.load(std::memory_order_relaxed),
                             std::memory_order_relaxed);
        to.task_id.store(task, std::memory_order_release);
    }
    live->worker_count.store(count, std::memory_order_release);
}

WorkerSlot* Control::find_worker(int32_t thread_id) const {
    const int32_t count = worker_count_.load(std::memory_order_acquire);
    for (int32_t i = 0; i < count; ++i) {
        WorkerSlot& slot = live->workers[i];
        if (slot.thread_id.load(std::memory_order_relaxed) == thread_id) return &slot;
    }
    return nullptr;
}

const char* Control::find_overwritten(int32_t tasks) const {
    const int32_t count = worker_count_.load(std::memory_order_relaxed);
    if (live->worker_count.load(std::memory_order_relaxed) != count) return "number of workers";
    if (live->orchestration_calls.load(std::memory_order_relaxed) != orchestration_calls_) {
        return "number of the orchestration's calls";
    }
    if (live->loading_func_id.load(std::memory_order_relaxed) != loading_func_id_) {
        return "func_id of the object that was loaded last";
    }
    uint64_t events = 0;
    for (int32_t i = 0; i < count; ++i) {
        const WorkerSlot& slot = live->workers[i];
        if (slot.task_id.load(std::memory_order_relaxed) != -1) return "task of a worker";
        events += slot.events.load(std::memory_order_relaxed);
    }
    if (events != 2 * static_cast<uint64_t>(tasks)) return "number of tasks that started and ended";
    const auto* const unused = reinterpret_cast<const char*>(live->workers + count);
    const auto* const end = reinterpret_cast<const char*>(live->workers + kMaxWorkers);
    // memcmp against itself, one byte on, is the fastest test that all bytes are equal.
    const auto size = static_cast<size_t>(end - unused);
    if (size > 0 && (*unused != 0 || std::memcmp(unused, unused + 1, size - 1) != 0)) {
        return "slot of no worker";
    }
    return "";
}

void Control::hide_from_children() const {
    live.hide_from_children();
    report.hide_from_children();
    dumps.hide_from_children();
}

}  // namespace a2a3sim
