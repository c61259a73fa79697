#include "sanitizer/core/core_check.h"

#include <algorithm>

namespace a2a3sim {

namespace {

CoreCheck* current = nullptr;

constexpr a2a3_byte_state kFirstState = 1U << A2A3_STATE_SHIFT;

bool writes(int32_t mode) { return (mode & ~(A2A3_MODE_READ | A2A3_MODE_ATOMIC_LOAD)) != 0; }

/// What only says where a tile lies, or orders others.
bool is_no_work(const std::string& name) {
    return name == "TASSIGN" || name == "TRESHAPE" || name == "TSUBVIEW" || name == "TSYNC";
}

}  // namespace

CoreCheck::CoreCheck(const Graph& graph, const DeviceMemory& device, int checks, int32_t memory)
    : graph_(graph),
      device_(device),
      checks_(checks),
      core_memory_(memory),
      tiles_(recorder_),
      pipes_(memory != A2A3_CORE_MEMORY_A5) {
    recorder_.first = static_cast<int32_t>(kFirstState);
    recorder_.enter = enter;
    recorder_.leave = leave;
    recorder_.access = access;
    recorder_.place = place;
    recorder_.sync = sync;
    current = this;
}

CoreCheck::~CoreCheck() { current = nullptr; }

void CoreCheck::start_task(int32_t id) {
    task_ = id;
    recorder_.is_active = 0;
    recorder_.depth = 0;
    tiles_.clear();  // pages remember the epoch that touched them last: epochs go on
    pipes_.reset();
    for (auto& [space, memory] : memories_) memory.clear();
    steps_.clear();
    parts_.clear();
    frames_.clear();
    instruction_ = nullptr;
}

void CoreCheck::end_task() {
    recorder_.is_active = 0;
    recorder_.depth = 0;
    pipes_.for_each_set([&](int32_t step) {
        note({A2A3_CHECK_SYNCCHECK, A2A3_CORE_FINDING_NEVER_WAITED, -1, 0, 0, step, -1});
    });
}

int32_t CoreCheck::enter(const void* function, const void* caller, uint64_t stack) {
    CoreCheck& check = *current;
    const char* const name = check.instructions_.at(function);
    if (name == nullptr || *name == '\0') {
        // What PTO ISA's other functions access is their caller's.
        const void* user = nullptr;
        if (name != nullptr) {
            user = caller;
            if (!check.frames_.empty() && check.frames_.back().user != nullptr) {
                user = check.frames_.back().user;
            }
        }
        check.frames_.push_back({stack, user});
        return 0;
    }
    check.instruction_ = name;
    check.recorder_.is_active = 1;
    check.caller_ = caller;
    check.begin_epoch();
    return 1;
}

void CoreCheck::leave() {
    CoreCheck& check = *current;
    if (check.instruction_ != nullptr) {
        check.end_instruction();
    } else if (!check.frames_.empty()) {
        const uint64_t begin = check.frames_.back().stack;
        check.frames_.pop_back();
        // The variables of the function that returns lie between its frame and its caller's.
        if (!check.frames_.empty()) check.tiles_.end(begin, check.frames_.back().stack);
    }
}

void CoreCheck::access(uint64_t address, uint64_t size, int32_t mode, const void* code) {
    current->add(address, size, writes(mode), code);
}

void CoreCheck::begin_epoch() {
    parts_.clear();
    recorder_.touched_count = 0;
    recorder_.first += static_cast<int32_t>(kFirstState);
}

void CoreCheck::add(uint64_t address, uint64_t size, bool is_write, const void* code) {
    if (steps_.size() >= kMostSteps) return;
    if (!frames_.empty() && frames_.back().user != nullptr) code = frames_.back().user;
    const uint64_t end = address + size;
    while (address < end) {
        const Tiles::Region* const region = tiles_.find(address);
        if (region == nullptr && !device_.contains(address)) break;  // next to a tile
        const uint64_t until = region == nullptr ? end : std::min(end, region->end);
        if (region == nullptr) {
            parts_.push_back({A2A3_SPACE_GM, address, until, is_write, -1, code});
        } else if (instruction_ != nullptr) {
            tiles_.mark(address, until - address, is_write);
        } else {
            parts_.push_back(part_of({region, address, until, is_write}, code));
        }
        address = until;
    }
    if (instruction_ == nullptr && !parts_.empty()) add_scalar_access();
}

CoreCheck::Part CoreCheck::part_of(const Tiles::Touched& touched, const void* code) {
    const Tiles::Region& region = *touched.region;
    const uint64_t begin = region.offset + (touched.begin - region.begin);
    return {region.space,   begin,       begin + (touched.end - touched.begin),
            touched.writes, region.tile, code};
}

void CoreCheck::add_scalar_access() {
    const void* const code = parts_.front().code;
    int32_t step = -1;
    // A loop's accesses are one step, as long as nothing else happens.
    const size_t first = steps_.size() > 4 ? steps_.size() - 4 : 0;
    for (size_t i = steps_.size(); i > first && steps_[i - 1].name == nullptr &&
                                   steps_[i - 1].kind == A2A3_CORE_STEP_INSTRUCTION;
         --i) {
        if (steps_[i - 1].code == code) step = static_cast<int32_t>(i - 1);
    }
    if (step < 0) {
        step = add_step({A2A3_CORE_STEP_INSTRUCTION, A2A3_PIPE_S, -1, -1, code, nullptr,
                         pipes_.issue(A2A3_PIPE_S)});
    }
    check_parts(step);
    parts_.clear();
}

int32_t CoreCheck::add_step(const Step& step) {
    steps_.push_back(step);
    return static_cast<int32_t>(steps_.size() - 1);
}

void CoreCheck::merge_parts() {
    // Up to here they are those of device memory.
    std::sort(parts_.begin(), parts_.end(), [](const Part& a, const Part& b) {
        return a.writes != b.writes ? a.writes < b.writes : a.begin < b.begin;
    });
    size_t count = 0;
    for (const Part& part : parts_) {
        Part* const last = count > 0 ? &parts_[count - 1] : nullptr;
        if (last != nullptr && last->writes == part.writes && part.begin <= last->end) {
            last->end = std::max(last->end, part.end);
        } else {
            parts_[count++] = part;
        }
    }
    parts_.resize(count);
    for (const Tiles::Touched& touched : tiles_.touched()) {
        parts_.push_back(part_of(touched, caller_));
    }
}

int32_t CoreCheck::pipe_of_parts(const std::string& name) const {
    uint32_t read = 0;
    uint32_t written = 0;
    for (const Part& part : parts_) (part.writes ? written : read) |= 1U << part.space;
    return pipe_of(name, read, written);
}

void CoreCheck::end_instruction() {
    const char* const name = instruction_;
    if (!is_no_work(name)) {
        merge_parts();
        for (Part& part : parts_) part.code = caller_;
        const int32_t pipe = pipe_of_parts(name);
        ++instruction_count_;
        if (steps_.size() < kMostSteps) {
            check_parts(add_step(
                {A2A3_CORE_STEP_INSTRUCTION, pipe, -1, -1, caller_, name, pipes_.issue(pipe)}));
        }
    }
    instruction_ = nullptr;
    begin_epoch();
}

void CoreCheck::place(const a2a3_tile* tile, const void* code) {
    CoreCheck& check = *current;
    if (tile->space < 0 || tile->space >= A2A3_SPACE_GM) return;
    check.recorder_.is_active = 1;
    check.check_place(check.tiles_.add(*tile), code);
}

void CoreCheck::sync(int32_t what, int32_t source, int32_t destination, int32_t event,
                     const void* code) {
    CoreCheck& check = *current;
    check.recorder_.is_active = 1;
    // An instruction's own flags are those of its call.
    const void* const where = check.instruction_ != nullptr ? check.caller_ : code;
    if (check.instruction_ == nullptr) check.begin_epoch();
    if (what == A2A3_SYNC_BARRIER) {
        check.pipes_.barrier(source);
        check.add_step({A2A3_CORE_STEP_BARRIER, source, -1, -1, where, nullptr, {}});
        return;
    }
    const bool sets = what == A2A3_SYNC_SET_FLAG;
    const int32_t step = check.add_step({sets ? A2A3_CORE_STEP_SET : A2A3_CORE_STEP_WAIT,
                                         source,
                                         destination,
                                         event,
                                         where,
                                         nullptr,
                                         {}});
    const Pipes::Flag flag{source, destination, event};
    if (sets) {
        if (check.pipes_.set_flag(flag, step) == Pipes::Pairing::kSetTwice) {
            check.note({A2A3_CHECK_SYNCCHECK, A2A3_CORE_FINDING_SET_TWICE, -1, 0, 0, step, -1});
        }
    } else if (check.pipes_.wait_flag(flag) == Pipes::Pairing::kNeverSet) {
        check.note({A2A3_CHECK_SYNCCHECK, A2A3_CORE_FINDING_NEVER_SET, -1, 0, 0, step, -1});
    }
}

}  // namespace a2a3sim
