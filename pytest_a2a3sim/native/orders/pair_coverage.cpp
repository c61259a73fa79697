#include "orders/pair_coverage.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace a2a3sim {

namespace {

constexpr size_t kMostUses = size_t{1} << 18;
constexpr size_t kMostTargets = size_t{1} << 14;
constexpr size_t kMostChecks = size_t{1} << 20;  // of whether two tasks are ordered

/// A task is sure to use as much of what it has got the address of: a line of the cache.
constexpr uintptr_t kSureToUse = 64;

Span sure_use_of(const Touch& touch) {
    return {touch.begin, std::min(touch.begin + kSureToUse, touch.next)};
}

}  // namespace

PairCoverage::PairCoverage(const std::vector<SharedBuffer>& buffers, const ChangeWatch& watch,
                           Reachability& reachability, const std::vector<int32_t>& order)
    : reachability_(reachability),
      position_(order.size()),
      of_tasks_(order.size()),
      finds_(order.size()),
      apart_(order.size()),
      is_complete_(watch.is_complete()) {
    std::vector<Stretches> changes(buffers.size());
    for (size_t i = 0; i < order.size(); ++i) {
        position_[static_cast<size_t>(order[i])] = i;
        for (const ChangeWatch::Change& each : watch.changes(order[i])) {
            changes[each.buffer].push_back({order[i], each.span, true});
        }
    }
    for (size_t place = 0; place < buffers.size() && is_complete_; ++place) {
        if (changes[place].empty()) continue;
        buffer_ = place;
        const std::vector<Role> roles = roles_of(buffers[place], changes[place]);
        for (const Piece& piece : pieces_of(roles, changes[place])) find_sure(piece);
        find_possible(roles, changes[place]);
        is_complete_ &= !has_many_targets() && check_count_ <= kMostChecks;
    }
    sort_targets();
}

bool PairCoverage::has_many_targets() const { return targets_.size() > kMostTargets; }

bool PairCoverage::are_ordered(int32_t a, int32_t b) {
    ++check_count_;
    return a == b || check_count_ > kMostChecks || reachability_.are_ordered(a, b);
}

void PairCoverage::sort_targets() {
    const auto distance = [&](const Target& target) {
        const size_t first = position_[static_cast<size_t>(target.pair.first)];
        const size_t second = position_[static_cast<size_t>(target.pair.second)];
        return std::max(first, second) - std::min(first, second);
    };
    std::stable_sort(targets_.begin(), targets_.end(),
                     [&](const Target& a, const Target& b) { return distance(a) > distance(b); });
    std::unordered_map<size_t, size_t> counts;  // of targets by buffer
    std::vector<std::pair<size_t, Target>> turns;
    for (const Target& target : targets_) turns.emplace_back(counts[target.buffer]++, target);
    std::stable_sort(turns.begin(), turns.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (size_t i = 0; i < turns.size(); ++i) targets_[i] = turns[i].second;
}

std::vector<PairCoverage::Role> PairCoverage::roles_of(const SharedBuffer& buffer,
                                                       const Stretches& changes) const {
    std::vector<Role> roles;
    const std::vector<Touch>& touches = buffer.touches;
    auto change = changes.begin();
    for (size_t first = 0, end = 0; first < touches.size(); first = end) {
        const int32_t task = touches[first].task;
        while (end < touches.size() && touches[end].task == task) {
            roles.push_back({&touches[end++], false, false});
        }
        for (; change != changes.end() &&
               position_[static_cast<size_t>(change->task)] <= position_[static_cast<size_t>(task)];
             ++change) {
            // By the last of the task's addresses that does not come behind.
            Role* writer = nullptr;
            for (size_t i = first; i < end; ++i) {
                const bool comes_before = touches[i].begin <= change->span.begin;
                if (comes_before &&
                    (writer == nullptr || writer->touch->begin < touches[i].begin)) {
                    writer = &roles[i];
                }
            }
            if (writer == nullptr || change->task != task) continue;
            writer->writes_behind = true;
            writer->writes_at |= change->span.begin < sure_use_of(*writer->touch).end;
        }
    }
    return roles;
}

std::vector<PairCoverage::Piece> PairCoverage::pieces_of(const std::vector<Role>& roles,
                                                         const Stretches& changes) {
    Stretches uses = changes;
    for (const Role& role : roles) {
        if (role.writes_behind && !role.writes_at) continue;
        uses.push_back({role.touch->task, sure_use_of(*role.touch), false});
    }
    std::stable_sort(uses.begin(), uses.end(), [&](const Stretch& a, const Stretch& b) {
        return position_[static_cast<size_t>(a.task)] < position_[static_cast<size_t>(b.task)];
    });
    std::vector<uintptr_t> bounds;
    for (const Stretch& use : uses) {
        bounds.push_back(use.span.begin);
        bounds.push_back(use.span.end);
    }
    std::sort(bounds.begin(), bounds.end());
    bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
    const auto position = [&](uintptr_t address) {
        return static_cast<size_t>(std::lower_bound(bounds.begin(), bounds.end(), address) -
                                   bounds.begin());
    };
    std::vector<Piece> pieces(bounds.size());
    for (const Stretch& use : uses) {
        const size_t end = position(use.span.end);
        for (size_t i = position(use.span.begin); i < end; ++i) {
            if (pieces[i].empty() || pieces[i].back().task != use.task) {
                pieces[i].push_back({use.task, false});
                if (++use_count_ > kMostUses) {
                    is_complete_ = false;
                    return {};
                }
            }
            pieces[i].back().changes |= use.changes;
        }
    }
    return pieces;
}

void PairCoverage::find_sure(const Piece& piece) {
    bool is_contested = false;
    for (size_t i = 1; i < piece.size() && !is_contested; ++i) {
        is_contested = !are_ordered(piece[i - 1].task, piece[i].task);
    }
    if (!is_contested) return;
    is_contested = false;
    for (const Use& writer : piece) {
        if (!writer.changes) continue;
        if (has_many_targets()) return;
        for (const Use& user : piece) {
            if (are_ordered(writer.task, user.task)) continue;
            is_contested = true;
            ++common_[TaskPair(writer.task, user.task).seed()];
            if (finds_.has(writer.task, user.task)) continue;
            finds_.set(writer.task, user.task);
            apart_.set(writer.task, user.task);
            apart_.set(user.task, writer.task);
            targets_.push_back({TaskPair(writer.task, user.task), true, true, buffer_});
            targets_.push_back({TaskPair(user.task, writer.task), false, true, buffer_});
        }
    }
    if (!is_contested) return;
    for (const Use& use : piece) {
        of_tasks_[static_cast<size_t>(use.task)].push_back({piece_count_, use.changes});
    }
    ++piece_count_;
}

void PairCoverage::find_possible(const std::vector<Role>& roles, const Stretches& changes) {
    Stretches hulls;  // of each task, from the first to the last byte
    for (const Stretch& change : changes) {
        if (hulls.empty() || hulls.back().task != change.task) hulls.push_back(change);
        Span& span = hulls.back().span;
        span.begin = std::min(span.begin, change.span.begin);
        span.end = std::max(span.end, change.span.end);
    }
    std::unordered_map<uintptr_t, std::vector<int32_t>> writers;
    for (const Role& role : roles) {
        if (role.writes_behind) writers[role.touch->begin].push_back(role.touch->task);
    }
    for (const Role& role : roles) {
        const int32_t task = role.touch->task;
        if (has_many_targets()) return;
        // It has got the address to write there, or a task that comes after it has, as where the
        // last one of a chain of tasks writes the output of all: it uses what is written, no more.
        const std::vector<int32_t>& same = writers[role.touch->begin];
        const bool is_output =
            role.writes_behind || std::any_of(same.begin(), same.end(), [&](int32_t writer) {
                return are_ordered(task, writer) && reachability_.leads(task, writer);
            });
        if (is_output) continue;
        for (const Stretch& each : hulls) {
            const bool may_use =
                each.span.end > role.touch->begin && each.span.begin < role.touch->end;
            if (!may_use || apart_.has(each.task, task) || are_ordered(each.task, task)) continue;
            apart_.set(each.task, task);
            apart_.set(task, each.task);
            targets_.push_back({TaskPair(each.task, task), false, false, buffer_});
            targets_.push_back({TaskPair(task, each.task), false, false, buffer_});
        }
    }
}

void PairCoverage::add(const std::vector<int32_t>& order) {
    if (targets_.empty()) return;
    std::vector<size_t> position(order.size());
    std::vector<Use> last_use(piece_count_, Use{-1, false});
    PairCounts found;
    for (size_t i = 0; i < order.size(); ++i) {
        const int32_t task = order[i];
        position[static_cast<size_t>(task)] = i;
        for (const PieceOfTask& each : of_tasks_[static_cast<size_t>(task)]) {
            Use& last = last_use[each.piece];
            if (last.changes && finds_.has(last.task, task)) {
                ++found[TaskPair(last.task, task).seed()];
            }
            last = {task, each.changes};
        }
    }
    const auto is_shown = [&](const Target& target) {
        const TaskPair pair = target.pair;
        if (target.adjacent) return found[pair.seed()] == common_[pair.seed()];
        return position[static_cast<size_t>(pair.first)] <
               position[static_cast<size_t>(pair.second)];
    };
    targets_.erase(std::remove_if(targets_.begin(), targets_.end(), is_shown), targets_.end());
}

std::optional<TaskPair> PairCoverage::next(bool sure) const {
    const auto target = std::find_if(targets_.begin(), targets_.end(),
                                     [sure](const Target& each) { return each.sure == sure; });
    if (target == targets_.end()) return std::nullopt;
    return target->pair;
}

}  // namespace a2a3sim
