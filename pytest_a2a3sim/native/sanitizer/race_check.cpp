#include "sanitizer/race_check.h"

#include <algorithm>

namespace a2a3sim {

namespace {

constexpr int kReads = A2A3_MODE_READ | A2A3_MODE_ATOMIC_LOAD;

/// Whether it matters which of two unordered accesses comes first.
bool conflict(uint8_t a, uint8_t b) {
    const bool are_reads = ((a | b) & ~kReads) == 0;
    const bool are_additions = a == A2A3_MODE_ATOMIC_ADD && b == A2A3_MODE_ATOMIC_ADD;
    return !are_reads && !are_additions;
}

int32_t kind_of(const Access& lower, const Access& higher) {
    if (!lower.writes()) return A2A3_FINDING_WAR;
    return higher.reads() ? A2A3_FINDING_RAW : A2A3_FINDING_WAW;
}

/// The code of the access that a race is about.
const void* code_of(const Access& access, bool as_read) {
    return as_read ? access.read_by : access.written_by;
}

}  // namespace

void RaceCheck::end_task() {
    for (uint32_t index = history_.first_of_task(); index < history_.end(); ++index) {
        if (history_[index].bytes != 0 && history_[index].buffer != History::kOutside) {
            compare(index);
        }
    }
}

void RaceCheck::compare(uint32_t index) {
    Access& later = history_[index];
    later.follows_all = true;
    later.follows_writers = true;
    const bool only_reads = (later.modes & ~kReads) == 0;
    for (uint32_t before = later.before; before != 0;) {
        const Access& earlier = history_[before];
        const bool is_read = (earlier.modes & ~kReads) == 0;
        if (only_reads && is_read) {
            // Whether it follows mere reads is not looked at: a later write does that.
            later.follows_all = false;
            before = earlier.previous_writer;
            continue;
        }
        const bool follows = earlier.task == later.task || order_.leads(earlier.task, later.task);
        if (!follows) {
            later.follows_all = false;
            if (!is_read) later.follows_writers = false;
            if (conflict(earlier.modes, later.modes)) note(earlier, later);
        } else if (earlier.follows_all || (only_reads && earlier.follows_writers)) {
            if (!earlier.follows_all) later.follows_all = false;
            return;
        }
        before = earlier.before;
    }
}

void RaceCheck::note(const Access& earlier, const Access& later) {
    const bool in_order = earlier.task < later.task;
    const Access& lower = in_order ? earlier : later;
    const Access& higher = in_order ? later : earlier;
    const uint64_t key =
        static_cast<uint64_t>(lower.task) << 32 | static_cast<uint32_t>(higher.task);
    const auto found = index_.find(key);
    if (found == index_.end() && races_.size() == kMostRaces) {
        ++not_kept_;
        return;
    }
    const int32_t kind = kind_of(lower, higher);
    const Race race{
        {lower.task, higher.task},
        {code_of(lower, kind == A2A3_FINDING_WAR), code_of(higher, kind == A2A3_FINDING_RAW)},
        kind,
        later.buffer,
        later.begin,
        later.end,
        later.bytes,
        !in_order,
        false};
    if (found == index_.end()) {
        index_.emplace(key, races_.size());
        races_.push_back(race);
        return;
    }
    Race& known = races_[found->second];
    if (known.buffer == race.buffer) {
        if (race.kind == A2A3_FINDING_RAW && known.kind != A2A3_FINDING_RAW) {
            known.kind = race.kind;
            std::copy_n(race.codes, 2, known.codes);
        }
        known.begin = std::min(known.begin, race.begin);
        known.end = std::max(known.end, race.end);
        known.bytes += race.bytes;
    } else if (race.begin < known.begin) {
        known = race;
    }
}

bool RaceCheck::is_ordered_by_another(const Race& race, const std::vector<const Race*>& others) {
    const auto leads_or_is = [&](int32_t from, int32_t to) {
        return from == to || order_.leads(from, to);
    };
    return std::any_of(others.begin(), others.end(), [&](const Race* other) {
        return other != &race && leads_or_is(race.earlier(), other->earlier()) &&
               leads_or_is(other->later(), race.later());
    });
}

void RaceCheck::find_directions() {
    // Edges along any one order of the tasks make no circle, however many of them are added.
    const std::vector<int32_t> rank = ranks_of_creation(graph_);
    for (Race& race : races_) {
        race.is_reversed =
            rank[static_cast<size_t>(race.tasks[0])] > rank[static_cast<size_t>(race.tasks[1])];
    }
}

bool RaceCheck::may_be_ordered(const Race& race) const {
    return (exchanging_.count(race.tasks[0]) != 0 || exchanging_.count(race.tasks[1]) != 0) &&
           graph_.last_of_gang(race.tasks[0]) == graph_.last_of_gang(race.tasks[1]);
}

std::vector<Race> RaceCheck::races() {
    races_.erase(std::remove_if(races_.begin(), races_.end(),
                                [&](const Race& race) { return may_be_ordered(race); }),
                 races_.end());
    if (!races_.empty()) find_directions();
    std::sort(races_.begin(), races_.end(), [](const Race& a, const Race& b) {
        return a.tasks[0] != b.tasks[0] ? a.tasks[0] < b.tasks[0] : a.tasks[1] < b.tasks[1];
    });
    // Those that an edge orders too share a task with it more often than not.
    std::vector<const Race*> all;
    std::unordered_map<int32_t, std::vector<const Race*>> by_task;
    for (const Race& race : races_) {
        if (all.size() < kMostCompared) all.push_back(&race);
        for (const int32_t task : race.tasks) {
            if (by_task[task].size() < kMostCompared) by_task[task].push_back(&race);
        }
    }
    std::vector<Race> marked = races_;
    for (size_t i = 0; i < races_.size(); ++i) {
        const Race& race = races_[i];
        marked[i].is_consequence = is_ordered_by_another(race, by_task[race.tasks[0]]) ||
                                   is_ordered_by_another(race, by_task[race.tasks[1]]) ||
                                   is_ordered_by_another(race, all);
    }
    return marked;
}

}  // namespace a2a3sim
