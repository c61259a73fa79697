// Ready tasks, and the order in which schedules take them.
#pragma once

#include <deque>
#include <utility>
#include <vector>

#include "executor/executor.h"
#include "executor/id_set.h"
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

/// Ready tasks of a graph; which of them comes next is the schedule's choice.
class ReadyPool {
  public:
    ReadyPool(const Graph& graph, const ExecutorOptions& options, const FixedOrder& fixed)
        : schedule_(options.schedule),
          random_(options.seed),
          fixed_(fixed),
          ordered_(is_ordered() ? graph.tasks.size() : 0) {}

    bool empty() const { return tasks_.empty() && ordered_.size() == 0; }

    void push(int32_t task) {
        if (schedule_ == A2A3_SCHEDULE_BEFORE) {
            ordered_.insert(fixed_.places[static_cast<size_t>(task)]);
        } else if (is_ordered()) {
            ordered_.insert(task);
        } else {
            tasks_.push_back(task);
        }
    }

    /// The pool is not empty.
    int32_t take() {
        switch (schedule_) {
            case A2A3_SCHEDULE_LIFO:
                break;
            case A2A3_SCHEDULE_REVERSE:
                return ordered_.take_greatest();
            case A2A3_SCHEDULE_CREATION:
                return ordered_.take_least();
            case A2A3_SCHEDULE_BEFORE:
                return fixed_.tasks[static_cast<size_t>(ordered_.take_least())];
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
        return last;
    }

  private:
    bool is_ordered() const {
        return schedule_ == A2A3_SCHEDULE_REVERSE || schedule_ == A2A3_SCHEDULE_CREATION ||
               schedule_ == A2A3_SCHEDULE_BEFORE;
    }

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
    IdSet ordered_;              // by id, or by place in the fixed order
    std::deque<int32_t> tasks_;  // by how long they have been ready
};

}  // namespace a2a3sim
