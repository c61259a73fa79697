// Ready tasks, and the order in which schedules take them.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "executor/executor.h"
#include "executor/pair_order.h"

namespace a2a3sim {

/// What of an execution only A2A3_SCHEDULE_BEFORE has: its order, and each task's place in it.
struct FixedOrder {
    FixedOrder(const Graph& graph, const KernelTable& kernels, const ExecutorOptions& options) {
        if (options.schedule != A2A3_SCHEDULE_BEFORE) return;
        tasks = order_with_pair(graph, kernels, TaskPair(options.seed));
        places.resize(tasks.size());
        for (size_t i = 0; i < tasks.size(); ++i) {
            places[static_cast<size_t>(tasks[i])] = static_cast<int32_t>(i);
        }
    }

    std::vector<int32_t> tasks;
    std::vector<int32_t> places;
};

/// Ready tasks; which of them comes next is the schedule's choice.
class ReadyPool {
  public:
    ReadyPool(const ExecutorOptions& options, const FixedOrder& fixed)
        : schedule_(options.schedule), random_(options.seed), fixed_(fixed) {}

    bool empty() const { return tasks_.empty(); }
    size_t size() const { return tasks_.size(); }

    void push(int32_t task) {
        const bool fixed = schedule_ == A2A3_SCHEDULE_BEFORE;
        tasks_.push_back(fixed ? fixed_.places[static_cast<size_t>(task)] : task);
        if (schedule_ == A2A3_SCHEDULE_REVERSE) std::push_heap(tasks_.begin(), tasks_.end());
        if (schedule_ == A2A3_SCHEDULE_CREATION || fixed) {
            std::push_heap(tasks_.begin(), tasks_.end(), std::greater<>());
        }
    }

    /// The pool is not empty.
    int32_t take() {
        switch (schedule_) {
            case A2A3_SCHEDULE_LIFO:
                break;
            case A2A3_SCHEDULE_REVERSE:  // the largest id
                std::pop_heap(tasks_.begin(), tasks_.end());
                break;
            case A2A3_SCHEDULE_CREATION:  // the smallest id
            case A2A3_SCHEDULE_BEFORE:    // the smallest place
                std::pop_heap(tasks_.begin(), tasks_.end(), std::greater<>());
                break;
            case A2A3_SCHEDULE_RANDOM:
                std::swap(tasks_[next_random() % tasks_.size()], tasks_.back());
                break;
            default: {  // the one that has been ready for longest
                const int32_t task = tasks_.front();
                tasks_.pop_front();
                return task;
            }
        }
        const int32_t last = tasks_.back();
        tasks_.pop_back();
        return schedule_ == A2A3_SCHEDULE_BEFORE ? fixed_.tasks[static_cast<size_t>(last)] : last;
    }

  private:
    /// SplitMix64, Steele, Lea and Flood, OOPSLA 2014: the same everywhere for one seed.
    uint64_t next_random() {
        uint64_t z = (random_ += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    a2a3_schedule schedule_;
    uint64_t random_;
    const FixedOrder& fixed_;
    std::deque<int32_t> tasks_;  // ids, or their places in the fixed order
};

}  // namespace a2a3sim
