// What the engine is made of, on random input: analysis of graphs, arrays that grow, the queue.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <set>
#include <thread>

#include "base/growing_array.h"
#include "base/memory.h"
#include "engine_test.h"
#include "executor/id_set.h"
#include "executor/work_queue.h"
#include "expect.h"
#include "graph/what_if.h"
#include "shared/shared_memory.h"

using namespace a2a3sim;

/// Bounds that hold for every list schedule, and a critical path that is a path.
void analyse_random_graph(std::mt19937& random) {
    const int tasks = 2 + static_cast<int>(random() % 300);
    const Edges edges = random_edges(tasks, random);
    std::vector<std::vector<int32_t>> successors_of(static_cast<size_t>(tasks));
    for (const auto& [from, to] : edges) successors_of[static_cast<size_t>(from)].push_back(to);
    std::vector<double> seconds;
    std::vector<int8_t> core_types;
    std::vector<uint32_t> first{0};
    std::vector<int32_t> successors;
    double work[2] = {0, 0};
    for (const auto& ids : successors_of) {
        seconds.push_back(static_cast<double>(random() % 100));
        core_types.push_back(static_cast<int8_t>(random() % 2));
        work[core_types.back()] += seconds.back();
        successors.insert(successors.end(), ids.begin(), ids.end());
        first.push_back(static_cast<uint32_t>(successors.size()));
    }
    const a2a3_timed_graph graph{tasks, seconds.data(), core_types.data(), first.data(),
                                 successors.data()};
    double critical = 0;
    int32_t before = -1;
    for (const int32_t id : critical_path(graph)) {
        critical += seconds[static_cast<size_t>(id)];
        if (before >= 0) {
            const auto& ids = successors_of[static_cast<size_t>(before)];
            expect(std::find(ids.begin(), ids.end(), id) != ids.end(), "no edge %d -> %d", before,
                   id);
        }
        before = id;
    }
    for (const int block_dim : {1, 2, 24}) {
        const double makespan = list_schedule(graph, block_dim);
        const double busy = work[0] / block_dim + work[1] / (2 * block_dim);
        expect(makespan >= critical && makespan <= critical + busy + 1e-6, "makespan %f", makespan);
    }
}

/// Elements keep their places and values across page boundaries.
void grow_an_array(std::mt19937& random) {
    GrowingArray<uint32_t> array(size_t{1} << 40);
    const uint32_t* const first = array.extend(1);
    while (array.size() < 3'000'000) {
        const size_t count = random() % 200'000;
        const size_t size = array.size();
        uint32_t* const added = array.extend(count);
        expect(array.data() == first && added == first + size, "an element moved");
        for (size_t i = 0; i < count; ++i) added[i] = static_cast<uint32_t>(size + i);
    }
    GrowingArray<uint32_t> moved = std::move(array);
    expect(array.empty() && moved.data() == first, "an array moves");
    for (size_t i = 0; i < moved.size(); ++i)
        expect(moved[i] == i, "element %zu is %u", i, moved[i]);
    const size_t size = moved.size();
    moved.clear();
    uint32_t* const again = moved.extend(size);
    expect(again == first && moved.size() == size, "an array begins anew");
    std::fill_n(again, size, 1U);
}

/// Whatever pages shared memory is in, populate() changes no byte of it.
void populate_shared_memory(std::mt19937& random) {
    for (const size_t size : {size_t{1} << 16, 4 * kHugePage, 5 * kHugePage + 4096}) {
        for (int round = 0; round < 3; ++round) {
            const SharedMemory memory(size, size);
            auto* const bytes = static_cast<unsigned char*>(memory.data());
            std::vector<unsigned char> expected(memory.size());
            for (int i = 0; i < 20; ++i) {
                const size_t place = random() % memory.size();
                bytes[place] = expected[place] = static_cast<unsigned char>(random());
            }
            const size_t first = random() % (memory.size() + 1);
            memory.populate(first, first + random() % (memory.size() + 1 - first));
            expect(std::equal(expected.begin(), expected.end(), bytes), "a byte has changed");
        }
    }
}

/// As a std::set, whatever the number of levels.
void take_from_a_set(std::mt19937& random) {
    for (const size_t bound :
         {size_t{1}, size_t{64}, size_t{65}, size_t{4096}, size_t{4097}, size_t{300000}}) {
        IdSet set(bound);
        std::set<int32_t> expected;
        for (int step = 0; step < 3000; ++step) {
            const auto id = static_cast<int32_t>(random() % bound);
            if (random() % 2 == 0 && expected.insert(id).second) set.insert(id);
            if (random() % 3 == 0 && !expected.empty()) {
                const bool least = random() % 2 == 0;
                const auto place = least ? expected.begin() : std::prev(expected.end());
                const int32_t taken = least ? set.take_least() : set.take_greatest();
                expect(taken == *place, "%d was taken instead of %d", taken, *place);
                expected.erase(place);
            }
            expect(set.size() == expected.size(), "the set has %zu ids", set.size());
        }
    }
}

/// Each pushed task is taken exactly once, by its owner or a thief.
void share_a_queue(std::mt19937& random, int thief_count) {
    constexpr int kTasks = 20000;
    WorkQueue queue;
    std::vector<std::atomic<int>> taken(kTasks);
    std::atomic<int> left{kTasks};
    const auto take = [&](int32_t task) {
        if (task < 0) return;
        taken[static_cast<size_t>(task)].fetch_add(1);
        left.fetch_sub(1);
    };
    std::vector<std::thread> thieves;
    for (int i = 0; i < thief_count; ++i) {
        thieves.emplace_back([&] {
            while (left.load() > 0) take(queue.steal());
        });
    }
    for (int task = 0; task < kTasks;) {
        for (auto burst = random() % 4000; burst-- > 0 && task < kTasks;) queue.push(task++);
        for (auto burst = random() % 1000; burst-- > 0;) take(queue.pop());
    }
    while (left.load() > 0) take(queue.pop());
    for (std::thread& thief : thieves) thief.join();
    for (int task = 0; task < kTasks; ++task) {
        const int times = taken[static_cast<size_t>(task)];
        expect(times == 1, "task %d was taken %d times", task, times);
    }
    expect(queue.looks_empty(), "the queue is empty at last");
}
