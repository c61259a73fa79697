// Random graphs of gangs: their members wait for each other, and read what those of predecessors
// wrote to plain memory.
#include <atomic>
#include <memory>
#include <vector>

#include "base/ticks.h"
#include "engine_test.h"
#include "executor/executor.h"
#include "executor/gang.h"
#include "expect.h"
#include "graph/graph.h"
#include "shared/control.h"

namespace {

using namespace a2a3sim;

constexpr int kBlockDim = 6;

/// What the members of a gang have in common.
struct Unit {
    int count;
    int waits;
    std::vector<const Unit*> predecessors;
    std::atomic<int> arrived{0};
    int finished = 0;  // guarded by the turns, and by edges for those that come later

    explicit Unit(int count_of, int waits_of) : count(count_of), waits(waits_of) {}
};

std::atomic<int> occupied[2][kAivPerBlock * kBlockDim];

void member(int64_t* args) {
    auto& unit = *reinterpret_cast<Unit*>(args[0]);
    const WorkerSlot& worker = *current_worker();
    std::atomic<int>& core = occupied[worker.core_type][worker.core_id];
    expect(core.exchange(1) == 0, "two tasks at a time on a core");
    for (const Unit* const before : unit.predecessors) {
        expect(before->finished == before->count, "a gang starts before its predecessors end");
    }
    for (int i = 1; i <= unit.waits; ++i) {
        ++unit.arrived;
        if (Gang* const gang = Gang::current(); gang != nullptr) {
            gang->note_change();
            while (unit.arrived < i * unit.count) gang->pass_turn(i % 2 == 0);
        }
    }
    core = 0;
    __atomic_add_fetch(&unit.finished, 1, __ATOMIC_RELAXED);
}

const KernelTable& kernels() {
    static const KernelTable table(
        {{"cube", member, 0, CoreType::AIC}, {"vector", member, 1, CoreType::AIV}});
    return table;
}

/// The first task of the unit.
int add(GraphBuilder& builder, const Unit& unit, int blocks, int kernels_of_block) {
    const uint64_t args[] = {reinterpret_cast<uint64_t>(&unit)};
    const int first = builder.task_count();
    for (int block = 0; block < blocks; ++block) {
        for (int kernel = 3 - kernels_of_block; kernel < 3; ++kernel) {
            const CoreType type = kernel == 0 ? CoreType::AIC : CoreType::AIV;
            builder.add_task(args, 1, kernel == 0 ? 0 : 1, type);
        }
    }
    if (unit.count > 1) builder.start_together(first, unit.count, blocks);
    return first;
}

}  // namespace

void run_random_gangs(std::mt19937& random, int thread_count) {
    const auto below = [&](int bound) {
        return static_cast<int>(random() % static_cast<unsigned>(bound));
    };
    const int count = 2 + below(60);
    const Edges edges = random_edges(count, random);
    std::vector<std::unique_ptr<Unit>> units;
    std::vector<int> firsts;
    GraphBuilder builder(kernels());
    for (int i = 0; i < count; ++i) {
        const int blocks = 1 + below(below(4) == 0 ? kBlockDim : 1);
        const int kernels_of_block = 1 + below(3);
        units.push_back(std::make_unique<Unit>(blocks * kernels_of_block, below(4)));
        firsts.push_back(add(builder, *units.back(), blocks, kernels_of_block));
    }
    for (const auto& [from, to] : edges) {
        const Unit& before = *units[static_cast<size_t>(from)];
        Unit& after = *units[static_cast<size_t>(to)];
        after.predecessors.push_back(&before);
        for (int i = 0; i < before.count; ++i) {
            for (int j = 0; j < after.count; ++j) {
                builder.add_successor(firsts[static_cast<size_t>(from)] + i,
                                      firsts[static_cast<size_t>(to)] + j);
            }
        }
    }
    Graph graph = builder.seal();
    const auto control = std::make_unique<Control>();
    std::vector<TaskRecord> records(graph.tasks.size());
    const auto schedule = static_cast<a2a3_schedule>(below(2) == 0 ? A2A3_SCHEDULE_DEPTH_FIRST
                                                                   : below(A2A3_SCHEDULE_BEFORE));
    const ExecutorOptions options{kBlockDim,
                                  below(5) == 0 ? kThreadPerCore : thread_count,
                                  schedule,
                                  random(),
                                  read_ticks(),
                                  nullptr,
                                  std::chrono::hours(24)};
    expect(execute(graph, kernels(), options, *control, records.data()), "gangs fail");
    for (const auto& unit : units) {
        expect(unit->finished == unit->count, "%d of %d members ran", unit->finished, unit->count);
    }
}
