#include "executor/gangs.h"

#include <algorithm>
#include <chrono>

#include "executor/pair_order.h"

namespace a2a3sim {

Gangs::Gangs(const Graph& graph, size_t kernels, const ExecutorOptions& options, int workers)
    : graph_(graph), options_(options), is_impatient_(kernels) {
    for (int i = 0; i < workers; ++i) gangs_.push_back(std::make_unique<Gang>(i, options.observer));
}

void Gangs::help(int thread) {
    const int helpers = graph_.largest_gang - 1;
    gangs_[static_cast<size_t>((thread - worker_count()) / helpers)]->help(thread);
}

void Gangs::watch() {
    constexpr std::chrono::milliseconds kPeriod{10};
    std::unique_lock<std::mutex> lock(mutex_);
    while (!dismissed_.wait_for(lock, kPeriod, [&] { return is_over_; })) {
        if (options_.observer != nullptr) continue;
        for (const std::unique_ptr<Gang>& gang : gangs_) {
            const int32_t id = gang->open_if_stuck();
            if (id >= 0) impatience_of(id) = true;
        }
    }
}

void Gangs::dismiss() {
    for (const std::unique_ptr<Gang>& gang : gangs_) gang->dismiss_helpers();
    const std::scoped_lock lock(mutex_);
    is_over_ = true;
    dismissed_.notify_all();
}

Gang::Members Gangs::members_of(int32_t first, int count) {
    Gang::Members members{first, count, 0, false};
    if (options_.schedule == A2A3_SCHEDULE_REVERSE || options_.schedule == A2A3_SCHEDULE_LIFO) {
        members.first_turn = count - 1;
    } else if (options_.schedule == A2A3_SCHEDULE_RANDOM) {
        members.first_turn = static_cast<int>((options_.seed + static_cast<uint64_t>(first)) %
                                              static_cast<uint64_t>(count));
    } else if (options_.schedule == A2A3_SCHEDULE_BEFORE) {
        const int32_t wanted = TaskPair(options_.seed).first;
        if (wanted >= first && wanted < first + count) members.first_turn = wanted - first;
    }
    for (int32_t id = first; id < first + count; ++id) members.open |= impatience_of(id);
    return members;
}

std::atomic<bool>& Gangs::impatience_of(int32_t id) {
    return is_impatient_[static_cast<size_t>(graph_.tasks[static_cast<size_t>(id)].kernel)];
}

std::vector<int> Gangs::cores_of(int32_t first, int count, Cores cores) const {
    std::vector<int> chosen;
    int free_aic = 1;
    int free_aiv = kAivPerBlock;
    for (int32_t id = first; id < first + count; ++id) {
        const bool is_aic = graph_.tasks[static_cast<size_t>(id)].core_type() == CoreType::AIC;
        const bool is_whole = free_aic == 1 && free_aiv == kAivPerBlock;
        if (is_aic ? !is_whole : free_aiv == 0) {
            cores.next_block();
            free_aic = 1;
            free_aiv = kAivPerBlock;
        }
        chosen.push_back(is_aic ? cores.block()
                                : kAivPerBlock * cores.block() + (kAivPerBlock - free_aiv));
        --(is_aic ? free_aic : free_aiv);
    }
    return chosen;
}

void Gangs::run(int32_t last, const Cores& cores, int worker, const RunTask& run_task) {
    const int32_t first = graph_.first_of_gang(last);
    const int count = last - first + 1;
    const std::vector<int> chosen = cores_of(first, count, cores);
    gangs_[static_cast<size_t>(worker)]->run(members_of(first, count), [&](int32_t id, int thread) {
        return run_task(id, chosen[static_cast<size_t>(id - first)], thread);
    });
}

}  // namespace a2a3sim
