#include "sanitizer/sanitizer.h"

#include <sys/mman.h>

#include <algorithm>

#include "device/places.h"
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

Sanitizer::Sanitizer(Case what, const std::vector<UseRecorder>& instrumented)
    : case_(std::move(what)),
      map_(case_.memory, case_.copies),
      order_(case_.graph),
      history_(case_.memory.begin(), case_.memory.used_size()),
      net_(case_.memory),
      races_(history_, order_),
      undefined_(history_, order_, net_, recorder_, case_.poison) {
    for (const DeviceBuffer& buffer : case_.memory.buffers()) {
        if (buffer.live != 0) history_.expect(buffer.begin, buffer.size);
    }
    recorder_.begin = case_.memory.begin();
    recorder_.size = case_.memory.used_size();
    recorder_.shadow = history_.states();
    recorder_.first = history_.first_own_state();
    recorder_.host_begin = reinterpret_cast<uint64_t>(case_.window.data());
    recorder_.host_size = case_.window.size();
    recorder_.record = record;
    recorder_.changed = changed;
    current = this;
    set_fault_resolver(resolve_fault);
    for (const UseRecorder use_recorder : instrumented) use_recorder(&recorder_);
}

Sanitizer::~Sanitizer() {
    recorder_.size = recorder_.host_size = 0;
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

void Sanitizer::before_task(int32_t id) {
    task_ = id;
    ++tasks_;
    history_.start_task(id);
    recorder_.first = history_.first_own_state();
    host_access_ = {};
    atomically_set_.clear();
}

DeviceMap::Span Sanitizer::span_of(uint64_t address) {
    for (const DeviceMap::Span& span : spans_) {
        if (span.contains(address)) return span;
    }
    std::rotate(spans_.begin(), spans_.end() - 1, spans_.end());
    spans_.front() = map_.span_at(address);
    return spans_.front();
}

void Sanitizer::add(uint64_t address, uint64_t size, int32_t mode, const void* code) {
    if (!history_.covers(address)) {
        add_to_host(address, size, mode, code);
        return;
    }
    while (size > 0 && history_.covers(address)) {
        const DeviceMap::Span span = span_of(address);
        const uint64_t part = std::min(size, span.end - address);
        if (span.buffer != History::kOutside) {
            if (writes(mode)) net_.open(address, part);
            if (mode >= A2A3_MODE_ATOMIC_ADD) note_blind_writes_at(address, part);
            history_.add(address, part, mode, code, span.buffer, span.is_copied_to);
        } else if (looks_for(A2A3_CHECK_MEMCHECK)) {
            add_outside(address, part, writes(mode), code);
        }
        address += part;
        size -= part;
    }
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

void Sanitizer::after_task(int32_t id, const Kernel& kernel, int64_t* /*args*/) {
    note_blind_writes();
    for (uint32_t i = history_.first_of_task(); i < history_.end(); ++i) history_.settle(i);
    if (looks_for(A2A3_CHECK_INITCHECK)) {
        const TaskNode& task = case_.graph.tasks[static_cast<size_t>(id)];
        const uint64_t* const first = case_.graph.args.data() + task.first_arg;
        undefined_.end_task(id, kernel, std::vector<int64_t>(first, first + task.num_args));
    }
    if (looks_for(A2A3_CHECK_RACECHECK)) races_.end_task();
    note_outside_accesses();
    net_.close();
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
        for (uint64_t at = begin; at < end; ++at) {
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

a2a3_finding Sanitizer::finding_at(a2a3_check check, int32_t task, uint64_t begin, uint64_t end,
                                   uint64_t bytes) const {
    a2a3_finding finding{};
    finding.check = check;
    finding.tasks[0] = task;
    finding.tasks[1] = -1;
    finding.writer = -1;
    finding.span = end - begin;
    finding.bytes = bytes;
    finding.buffer = -1;
    uint64_t in_tensor = 0;
    finding.tensor = map_.tensor_at(begin, in_tensor);
    finding.tensor_offset = static_cast<int64_t>(in_tensor);
    const ptrdiff_t index = map_.memory().find(begin);
    if (index >= 0) {
        finding.buffer = index;
        finding.offset =
            static_cast<int64_t>(begin - map_.memory().buffers()[static_cast<size_t>(index)].begin);
    }
    return finding;
}

a2a3_finding Sanitizer::finding_of(const Race& race) const {
    a2a3_finding finding =
        finding_at(A2A3_CHECK_RACECHECK, race.tasks[0], race.begin, race.end, race.bytes);
    finding.kind = race.kind;
    finding.tasks[1] = race.tasks[1];
    for (int i = 0; i < 2; ++i) finding.codes[i] = reinterpret_cast<uint64_t>(race.codes[i]);
    finding.is_reversed = race.is_reversed ? 1 : 0;
    finding.is_consequence = race.is_consequence ? 1 : 0;
    return finding;
}

a2a3_finding Sanitizer::finding_of(const UndefinedRead& read) {
    a2a3_finding finding =
        finding_at(A2A3_CHECK_INITCHECK, read.task, read.begin, read.end, read.bytes);
    finding.kind = A2A3_FINDING_UNDEFINED;
    finding.codes[0] = reinterpret_cast<uint64_t>(read.code);
    // A task that writes the bytes, if nothing orders the two.
    for (uint32_t i = history_.last_of(read.begin); i != 0; i = history_[i].before) {
        const Access& access = history_[i];
        if (access.writes() && access.task != read.task && !order_.leads(read.task, access.task) &&
            !order_.leads(access.task, read.task)) {
            finding.writer = access.task;
        }
    }
    return finding;
}

a2a3_finding Sanitizer::finding_of(const OutsideAccess& access,
                                   const std::vector<DeviceBuffer>& buffers) const {
    a2a3_finding finding{};
    finding.check = A2A3_CHECK_MEMCHECK;
    finding.tasks[0] = access.task;
    finding.tasks[1] = -1;
    finding.writer = -1;
    finding.kind = access.writes ? A2A3_FINDING_WRITE : A2A3_FINDING_READ;
    finding.codes[0] = reinterpret_cast<uint64_t>(access.code);
    finding.span = access.end - access.begin;
    finding.bytes = std::min(access.bytes, finding.span);
    const TaskNode& task = case_.graph.tasks[static_cast<size_t>(access.task)];
    const a2a3_place place =
        find_place(access.begin, buffers, case_.window, case_.tensors,
                   case_.graph.args.data() + task.first_arg, static_cast<int>(task.num_args));
    finding.place = place.kind;
    finding.buffer = place.buffer;
    finding.tensor = place.tensor;
    finding.offset = finding.tensor_offset = place.offset;
    if (place.buffer >= 0) {
        uint64_t in_tensor = 0;
        const uint64_t begin = buffers[static_cast<size_t>(place.buffer)].begin;
        finding.tensor = map_.tensor_at(begin, in_tensor);
        finding.tensor_offset = static_cast<int64_t>(in_tensor) + place.offset;
    }
    return finding;
}

void Sanitizer::find_undefined_outputs() {
    for (const DeviceCopy& copy : case_.copies) {
        if (!copy.to_device) undefined_.end_graph(copy.begin, copy.begin + copy.size);
    }
}

void Sanitizer::report(SharedTable<a2a3_finding>& findings, a2a3_sanitized& sanitized) {
    const auto put = [&](const a2a3_finding& finding) {
        ++sanitized.findings;
        if (findings.size() < A2A3_MOST_FINDINGS) findings.push_back(finding);
    };
    const std::vector<Race> races = races_.races();
    for (const Race& race : races) put(finding_of(race));
    sanitized.findings += races_.count() - static_cast<int64_t>(races.size());
    const std::vector<DeviceBuffer> buffers(map_.memory().buffers().begin(),
                                            map_.memory().buffers().end());
    for (const OutsideAccess& access : outside_) put(finding_of(access, buffers));
    if (looks_for(A2A3_CHECK_INITCHECK)) find_undefined_outputs();
    for (const UndefinedRead& read : undefined_.found()) {
        a2a3_finding finding = finding_of(read);
        if (finding.writer >= 0 && looks_for(A2A3_CHECK_RACECHECK)) finding.is_consequence = 1;
        put(finding);
    }
    sanitized.tasks = tasks_;
    sanitized.accesses = recorder_.accesses;
    sanitized.bytes = bytes_;
    sanitized.blind_bytes = blind_bytes_;
    sanitized.undecided = undefined_.undecided();
}

}  // namespace a2a3sim
