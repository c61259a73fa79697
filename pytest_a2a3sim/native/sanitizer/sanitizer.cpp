#include "sanitizer/sanitizer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "faults/faults.h"

namespace a2a3sim {

namespace {

Sanitizer* current = nullptr;

bool writes(int32_t mode) { return (mode & ~(A2A3_MODE_READ | A2A3_MODE_ATOMIC_LOAD)) != 0; }

/// Holds a flag for as long as it lives.
class Held {
  public:
    explicit Held(std::atomic_flag& flag) : flag_(flag) {
        while (flag_.test_and_set(std::memory_order_acquire)) {
        }
    }
    ~Held() { flag_.clear(std::memory_order_release); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

  private:
    std::atomic_flag& flag_;
};

}  // namespace

Sanitizer::Sanitizer(Case what, std::vector<UseRecorder> instrumented)
    : case_(std::move(what)),
      instrumented_(std::move(instrumented)),
      map_(case_.memory, case_.copies),
      order_(case_.graph),
      history_(case_.memory.begin(), case_.memory.used_size()),
      net_(case_.memory, case_.faults_are_told),
      races_(history_, order_, case_.graph),
      undefined_(history_, order_, net_, recorder_, case_.poison),
      flow_(history_, case_.memory),
      core_(case_.graph, case_.memory, case_.checks, case_.core_memory) {
    for (const DeviceBuffer& buffer : case_.memory.buffers()) {
        if (buffer.live != 0) history_.expect(buffer.begin, buffer.size);
    }
    recorder_.begin = case_.memory.begin();
    recorder_.size = case_.memory.used_size();
    recorder_.granules = history_.granules();
    recorder_.bytes = history_.bytes();
    recorder_.first = history_.first_own_state();
    recorder_.host_begin = reinterpret_cast<uint64_t>(case_.window.data());
    recorder_.host_size = case_.window.size();
    recorder_.record = record;
    recorder_.changed = changed;
    current = this;
    set_fault_resolver(resolve_fault);
    for (const UseRecorder use_recorder : instrumented_) use_recorder(&recorder_);
}

Sanitizer::~Sanitizer() {
    for (const UseRecorder use_recorder : instrumented_) use_recorder(nullptr);
    set_fault_resolver(nullptr);
    current = nullptr;
}

void Sanitizer::record(uint64_t address, uint64_t size, int32_t mode, const void* code) {
    const Held held(current->busy_);
    current->add(address, size, mode, code);
}

void Sanitizer::changed(uint64_t address, uint64_t size) {
    const Held held(current->busy_);
    for (uint64_t at = address; at < address + size; ++at) {
        current->atomically_set_[at] = *reinterpret_cast<const uint8_t*>(at);
    }
}

bool Sanitizer::resolve_fault(uint64_t address) {
    return current->case_.memory.contains(address) && current->net_.open_after_fault(address);
}

void Sanitizer::start_part(int32_t id) {
    task_ = id;
    history_.start_task(id);
    recorder_.first = history_.first_own_state();
    host_access_ = {};
    atomically_set_.clear();
}

void Sanitizer::before_task(int32_t id, const Kernel&) {
    ++tasks_;
    start_part(id);
    if (case_.checks == 0) return;
    core_.start_task(id);
    recorder_.core = &core_.recorder();
}

const DeviceMap::Span& Sanitizer::span_at(uint64_t address) {
    for (const DeviceMap::Span& span : spans_) {
        if (span.contains(address)) return span;
    }
    oldest_span_ = (oldest_span_ + 1) % kSpans;
    return spans_[oldest_span_] = map_.span_at(address);
}

void Sanitizer::add(uint64_t address, uint64_t size, int32_t mode, const void* code) {
    if (!history_.covers(address)) {
        add_to_host(address, size, mode, code);
        return;
    }
    while (size > 0 && history_.covers(address)) {
        const DeviceMap::Span& span = span_at(address);
        const uint64_t part = std::min(size, span.end - address);
        if (span.buffer != History::kOutside) {
            if (writes(mode)) net_.open(address, part);
            if (mode >= A2A3_MODE_ATOMIC_ADD) note_blind_writes_at(address, part);
            history_.add(address, part, mode, code, span.buffer, span.is_copied_to);
            if (part == A2A3_GRANULE) set_shortcut(address, mode, span);
        } else if (looks_for(A2A3_CHECK_MEMCHECK)) {
            add_outside(address, part, writes(mode), code);
        }
        address += part;
        size -= part;
    }
}

void Sanitizer::set_shortcut(uint64_t address, int32_t mode, const DeviceMap::Span& span) {
    const uint64_t window = (address - history_.begin()) >> A2A3_WINDOW_SHIFT;
    const size_t index = window % A2A3_SHORTCUTS;
    if (mode == A2A3_MODE_READ) {
        history_.set_shortcut(recorder_.read_shortcuts[index], address, span.begin, span.end);
    } else if (mode == A2A3_MODE_WRITE) {
        const uint64_t end = std::min(span.end, net_.end_of_open(address));
        history_.set_shortcut(recorder_.write_shortcuts[index], address, address, end);
    }
}

void Sanitizer::settle_shortcuts() {
    for (a2a3_shortcut& shortcut : recorder_.read_shortcuts) history_.settle(shortcut);
    for (a2a3_shortcut& shortcut : recorder_.write_shortcuts) history_.settle(shortcut);
}

void Sanitizer::add_outside(uint64_t address, uint64_t size, bool is_write, const void* code) {
    const uint64_t end = history_.begin() + history_.size();
    size = std::min(size, end - address);
    for (uint64_t at = address; at < address + size; at += net_.page_size()) net_.open_outside(at);
    net_.open_outside(address + size - 1);
    history_.add(address, size, is_write ? A2A3_MODE_WRITE : A2A3_MODE_READ, code,
                 History::kOutside, false);
}

void Sanitizer::add_to_host(uint64_t address, uint64_t size, int32_t mode, const void* code) {
    if (!looks_for(A2A3_CHECK_MEMCHECK)) return;
    if (host_access_.bytes == 0) {
        host_access_ = {task_, writes(mode), code, address, address + size, 0};
    }
    host_access_.bytes += size;
    host_access_.begin = std::min(host_access_.begin, address);
    host_access_.end = std::max(host_access_.end, address + size);
    // Nothing else is looked for there; the run goes on.
    mprotect(case_.window.data(), case_.window.size(), PROT_READ | PROT_WRITE);
}

/// `kernel`: of a task that has ended and can be executed again; null otherwise.
void Sanitizer::end_part(const Kernel* kernel) {
    settle_shortcuts();
    note_blind_writes();
    for (uint32_t i = history_.first_of_task(); i < history_.end(); ++i) history_.settle(i);
    if (kernel != nullptr && looks_for(A2A3_CHECK_INITCHECK)) {
        const TaskNode& task = case_.graph.tasks[static_cast<size_t>(task_)];
        const uint64_t* const first = case_.graph.args.data() + task.first_arg;
        undefined_.end_task(task_, *kernel, std::vector<int64_t>(first, first + task.num_args));
    }
    if (looks_for(A2A3_CHECK_RACECHECK)) races_.end_task();
    if (case_.records_flows) flow_.end_task();
    note_outside_accesses();
    net_.end_task();
}

void Sanitizer::after_task(int32_t id, const Kernel& kernel, int64_t* /*args*/) {
    if (recorder_.core != nullptr) core_.end_task();
    recorder_.core = nullptr;  // what follows executes the task again, perhaps
    end_part(exchanging_.count(id) == 0 ? &kernel : nullptr);
}

void Sanitizer::write(void* to, const void* from, size_t size) {
    net_.open(reinterpret_cast<uint64_t>(to), size);
    std::memcpy(to, from, size);
    net_.end_task();
}

/// The core level follows one task at a time, and this one no further.
void Sanitizer::pause_task(int32_t id) noexcept {
    note_exchange(id);
    recorder_.core = nullptr;
    end_part(nullptr);
}

void Sanitizer::resume_task(int32_t id) noexcept { start_part(id); }

void Sanitizer::note_exchange(int32_t id) noexcept {
    exchanging_.insert(id);
    races_.note_exchange(id);
}

void Sanitizer::note_blind_write(uint64_t address) {
    if (history_.is_written_by_task(address)) return;
    ++blind_bytes_;
    add(address, 1, A2A3_MODE_WRITE, nullptr);
}

void Sanitizer::note_blind_writes_at(uint64_t address, uint64_t size) {
    for (uint64_t at = address; at < address + size; ++at) {
        const auto set = atomically_set_.find(at);
        const uint8_t expected = set != atomically_set_.end() ? set->second : net_.before(at);
        if (*reinterpret_cast<const uint8_t*>(at) != expected) note_blind_write(at);
    }
}

void Sanitizer::note_blind_writes() {
    for (const auto& [address, value] : atomically_set_) {
        if (*reinterpret_cast<const uint8_t*>(address) != value) note_blind_write(address);
    }
    net_.for_each_change([&](uint64_t begin, uint64_t end) {
        for (uint64_t at = begin; (at = history_.skip_written(at, end)) < end; ++at) {
            if (atomically_set_.count(at) == 0) note_blind_write(at);
        }
    });
}

void Sanitizer::note_outside_accesses() {
    if (host_access_.bytes > 0) outside_.push_back(host_access_);
    OutsideAccess found{};
    for (uint32_t i = history_.first_of_task(); i < history_.end(); ++i) {
        const Access& access = history_[i];
        bytes_ += access.bytes;
        if (access.bytes == 0 || access.buffer != History::kOutside) continue;
        if (found.bytes == 0 || access.begin < found.begin) {
            found.begin = access.begin;
            found.writes = access.writes();
            found.code = access.writes() ? access.written_by : access.read_by;
        }
        found.end = std::max(found.end, access.end);
        found.bytes += access.bytes;
    }
    found.task = task_;
    if (found.bytes > 0) outside_.push_back(found);
}

}  // namespace a2a3sim
