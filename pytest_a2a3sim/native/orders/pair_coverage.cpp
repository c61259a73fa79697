#include "orders/pair_coverage.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

namespace a2a3sim {

namespace {

constexpr size_t kMostUses = size_t{1} << 20;
constexpr size_t kMostTargets = size_t{1} << 14;

/// A task is sure to use as much of what it has got the address of: a line of the cache.
constexpr uintptr_t kSureToUse = 64;

struct UsedSpan {
    int32_t task;
    Span span;
    bool changes;
};

Span sure_use_of(const Touch& touch) {
    return {touch.begin, std::min(touch.begin + kSureToUse, touch.next)};
}

/// Whether the task writes where the address leads.
bool is_written(const Touch& touch, const ChangeWatch& watch) {
    const Span use = sure_use_of(touch);
    const auto& changes = watch.changes(touch.task);
    return std::any_of(changes.begin(), changes.end(), [&](const ChangeWatch::Change& change) {
        return change.span.begin < use.end && use.begin < change.span.end;
    });
}

}  // namespace

PairCoverage::PairCoverage(const std::vector<SharedBuffer>& buffers, const ChangeWatch& watch,
                           Reachability& reachability, const std::vector<int32_t>& order)
    : order_(order),
      of_tasks_(order.size()),
      finds_(order.size()),
      apart_(order.size()),
      is_complete_(watch.is_complete()) {
    for (size_t place = 0; place < buffers.size() && is_complete_; ++place) {
        for (const Piece& piece : pieces_of(place, buffers[place], watch)) {
            find_sure(piece, reachability);
        }
        find_possible(place, buffers[place], watch, reachability);
        is_complete_ &= targets_.size() <= kMostTargets;
    }
    put_distant_first();
}

void PairCoverage::put_distant_first() {
    std::vector<int32_t> position(order_.size());
    for (size_t i = 0; i < order_.size(); ++i) {
        position[static_cast<size_t>(order_[i])] = static_cast<int32_t>(i);
    }
    const auto distance = [&](const Target& target) {
        return std::abs(position[static_cast<size_t>(target.pair.first)] -
                        position[static_cast<size_t>(target.pair.second)]);
    };
    std::stable_sort(targets_.begin(), targets_.end(),
                     [&](const Target& a, const Target& b) { return distance(a) > distance(b); });
}

std::vector<PairCoverage::Piece> PairCoverage::pieces_of(size_t place, const SharedBuffer& buffer,
                                                         const ChangeWatch& watch) {
    std::vector<std::vector<UsedSpan>> by_task(order_.size());
    std::vector<uintptr_t> bounds;
    const auto use = [&](int32_t task, Span span, bool changes) {
        by_task[static_cast<size_t>(task)].push_back({task, span, changes});
        bounds.push_back(span.begin);
        bounds.push_back(span.end);
    };
    for (const Touch& touch : buffer.touches) use(touch.task, sure_use_of(touch), false);
    for (const int32_t task : order_) {
        for (const ChangeWatch::Change& change : watch.changes(task)) {
            if (change.buffer == place) use(task, change.span, true);
        }
    }
    std::sort(bounds.begin(), bounds.end());
    bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
    const auto position = [&](uintptr_t address) {
        return static_cast<size_t>(std::lower_bound(bounds.begin(), bounds.end(), address) -
                                   bounds.begin());
    };
    std::vector<Piece> pieces(bounds.size());
    for (const int32_t task : order_) {
        for (const UsedSpan& used : by_task[static_cast<size_t>(task)]) {
            const size_t end = position(used.span.end);
            for (size_t i = position(used.span.begin); i < end; ++i) {
                if (pieces[i].empty() || pieces[i].back().task != task) {
                    pieces[i].push_back({task, false});
                    if (++use_count_ > kMostUses) {
                        is_complete_ = false;
                        return {};
                    }
                }
                pieces[i].back().changes |= used.changes;
            }
        }
    }
    return pieces;
}

void PairCoverage::find_sure(const Piece& piece, Reachability& reachability) {
    bool is_contested = false;
    for (const Use& writer : piece) {
        if (!writer.changes) continue;
        if (targets_.size() > kMostTargets) return;
        for (const Use& user : piece) {
            if (user.task == writer.task || reachability.are_ordered(writer.task, user.task)) {
                continue;
            }
            is_contested = true;
            ++common_[TaskPair(writer.task, user.task).seed()];
            if (finds_.has(writer.task, user.task)) continue;
            finds_.set(writer.task, user.task);
            apart_.set(writer.task, user.task);
            apart_.set(user.task, writer.task);
            targets_.push_back({TaskPair(writer.task, user.task), true, true});
            targets_.push_back({TaskPair(user.task, writer.task), false, true});
        }
    }
    if (!is_contested) return;
    for (const Use& use : piece) {
        of_tasks_[static_cast<size_t>(use.task)].push_back({piece_count_, use.changes});
    }
    ++piece_count_;
}

void PairCoverage::find_possible(size_t place, const SharedBuffer& buffer, const ChangeWatch& watch,
                                 Reachability& reachability) {
    std::vector<UsedSpan> changed;  // from the first to the last byte
    for (const int32_t task : order_) {
        for (const ChangeWatch::Change& change : watch.changes(task)) {
            if (change.buffer != place) continue;
            if (changed.empty() || changed.back().task != task) {
                changed.push_back({task, change.span, true});
            }
            Span& span = changed.back().span;
            span.begin = std::min(span.begin, change.span.begin);
            span.end = std::max(span.end, change.span.end);
        }
    }
    std::vector<Touch> written;
    std::copy_if(buffer.touches.begin(), buffer.touches.end(), std::back_inserter(written),
                 [&](const Touch& touch) { return is_written(touch, watch); });
    // The task has got the address to write there, or one that comes after it has, as where a chain
    // of tasks has an output that its last one writes: it uses what is written, and no more.
    const auto is_output = [&](const Touch& touch) {
        return std::any_of(written.begin(), written.end(), [&](const Touch& other) {
            return other.begin == touch.begin &&
                   (other.task == touch.task || reachability.leads(touch.task, other.task));
        });
    };
    for (const Touch& touch : buffer.touches) {
        if (targets_.size() > kMostTargets) return;
        if (is_output(touch)) continue;
        for (const UsedSpan& each : changed) {
            const bool may_use = each.span.end > touch.begin && each.span.begin < touch.end;
            if (!may_use || each.task == touch.task || apart_.has(each.task, touch.task) ||
                reachability.are_ordered(each.task, touch.task)) {
                continue;
            }
            apart_.set(each.task, touch.task);
            apart_.set(touch.task, each.task);
            targets_.push_back({TaskPair(each.task, touch.task), false, false});
            targets_.push_back({TaskPair(touch.task, each.task), false, false});
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
