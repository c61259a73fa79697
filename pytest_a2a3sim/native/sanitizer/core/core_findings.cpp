// What the core level has found, as its parent gets it.
#include <algorithm>
#include <cstring>

#include "sanitizer/core/core_check.h"
#include "sanitizer/core/core_sizes.h"

namespace a2a3sim {

namespace {

constexpr uint64_t kAlignment = 32;  // of a tile's place
}  // namespace

void CoreCheck::check_place(const Tiles::Tile& tile, const void* code) {
    const uint64_t capacity = core_memory_size(core_memory_, tile.space);
    const bool fits = tile.offset <= capacity && tile.bytes <= capacity - tile.offset;
    const bool is_aligned = tile.offset % kAlignment == 0;
    if ((fits || capacity == 0) && is_aligned) return;
    const int32_t step =
        add_step({A2A3_CORE_STEP_INSTRUCTION, A2A3_PIPE_S, -1, -1, code, "TASSIGN", {}});
    const uint64_t end = tile.offset + tile.bytes;
    if (!fits && capacity != 0) {
        note({A2A3_CHECK_MEMCHECK, A2A3_CORE_FINDING_OUT_OF_BOUNDS, tile.space, tile.offset, end,
              step, -1},
             capacity);
    }
    if (!is_aligned) {
        note({A2A3_CHECK_MEMCHECK, A2A3_CORE_FINDING_MISALIGNED, tile.space, tile.offset, end, step,
              -1},
             capacity);
    }
}

void CoreCheck::note(const Conflict& conflict, uint64_t capacity) {
    if (!looks_for(conflict.check)) return;
    const auto code_of = [&](int32_t step) {
        return step < 0 ? nullptr : steps_[static_cast<size_t>(step)].code;
    };
    const int32_t kernel = graph_.tasks[static_cast<size_t>(task_)].kernel;
    const Key key{kernel,         conflict.check,          conflict.kind,
                  conflict.space, code_of(conflict.first), code_of(conflict.second)};
    const auto [place, is_new] = index_.try_emplace(key, findings_.size());
    if (is_new) {
        if (findings_.size() >= A2A3_MOST_CORE_FINDINGS) return;
        a2a3_core_finding finding{};
        finding.check = conflict.check;
        finding.kind = conflict.kind;
        finding.task = task_;
        finding.space = conflict.space;
        finding.tasks = 1;
        finding.offset = conflict.begin;
        finding.bytes = conflict.end - conflict.begin;
        finding.capacity = capacity;
        show(finding, conflict.first, conflict.second);
        findings_.push_back(finding);
        const auto step_of = [&](int32_t step) {
            return step < 0 ? Step{} : steps_[static_cast<size_t>(step)];
        };
        found_.push_back({task_, step_of(conflict.first), step_of(conflict.second), conflict.first,
                          conflict.second});
        return;
    }
    if (place->second >= findings_.size()) return;
    a2a3_core_finding& finding = findings_[place->second];
    if (finding.task == task_) {
        const uint64_t end = std::max(finding.offset + finding.bytes, conflict.end);
        finding.offset = std::min(finding.offset, conflict.begin);
        finding.bytes = end - finding.offset;
    } else if (found_[place->second].last_task != task_) {
        ++finding.tasks;
    }
    found_[place->second].last_task = task_;
}

std::vector<a2a3_core_finding> CoreCheck::findings() const {
    std::vector<a2a3_core_finding> all = findings_;
    for (size_t i = 0; i < all.size(); ++i) {
        if (all[i].check != A2A3_CHECK_RACECHECK) continue;
        const Found& race = found_[i];
        // A flag or a barrier between two instructions is one between any around them, too.
        const auto orders = [&](size_t other) {
            const Found& inner = found_[other];
            const bool is_within =
                inner.first_step >= race.first_step && inner.second_step <= race.second_step;
            const bool is_same =
                inner.first_step == race.first_step && inner.second_step == race.second_step;
            return other != i && all[other].check == A2A3_CHECK_RACECHECK &&
                   all[other].task == all[i].task && inner.first.pipe == race.first.pipe &&
                   inner.second.pipe == race.second.pipe && is_within && (!is_same || other < i);
        };
        for (size_t other = 0; other < all.size(); ++other) {
            if (orders(other)) all[i].is_consequence = 1;
        }
    }
    return all;
}

a2a3_core_step CoreCheck::shown(const Step& step) const {
    a2a3_core_step copy{};
    copy.kind = step.kind;
    copy.pipe = step.pipe;
    copy.destination = step.destination;
    copy.event = step.event;
    copy.code = reinterpret_cast<uint64_t>(step.code);
    if (step.name != nullptr) std::strncpy(copy.name, step.name, sizeof copy.name - 1);
    return copy;
}

void CoreCheck::show(a2a3_core_finding& finding, int32_t first, int32_t second) {
    constexpr int32_t kContext = 2;
    const int32_t last = std::max(first, second);
    const int32_t begin = std::max(0, std::min(first, last) - kContext);
    const int32_t end = last + 1;
    const auto most = static_cast<int32_t>(kMostShown);
    // The middle of a long way is left out.
    const int32_t skipped = std::max(0, end - begin - most);
    const int32_t skip_from = begin + most / 2;
    finding.first_step = static_cast<int32_t>(shown_.size());
    finding.steps[0] = finding.steps[1] = -1;
    for (int32_t i = begin; i < end; ++i) {
        if (skipped > 0 && i == skip_from) {
            a2a3_core_step gap{};
            gap.kind = A2A3_CORE_STEP_SKIPPED;
            gap.event = skipped;
            shown_.push_back(gap);
            i += skipped;
        }
        if (i == first) finding.steps[0] = static_cast<int32_t>(shown_.size());
        if (i == second) finding.steps[1] = static_cast<int32_t>(shown_.size());
        shown_.push_back(shown(steps_[static_cast<size_t>(i)]));
    }
    finding.step_count = static_cast<int32_t>(shown_.size()) - finding.first_step;
}

}  // namespace a2a3sim
