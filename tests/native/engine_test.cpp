// Random graphs on the engine itself, for sanitizers. Every task reads what its predecessors wrote
// to plain memory, so that a missing synchronisation is a data race that ThreadSanitizer sees, and
// checks what it can see of the schedule. Usage: engine_test THREADS ROUNDS; prints the first
// broken promise and exits with 1.
#include <algorithm>
#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "base/failure.h"
#include "base/growing_array.h"
#include "base/ticks.h"
#include "executor/executor.h"
#include "executor/work_queue.h"
#include "graph/graph.h"
#include "graph/what_if.h"
#include "shared/control.h"

namespace {

using namespace a2a3sim;

[[gnu::format(printf, 2, 3)]] void expect(bool holds, const char* pattern, ...) {
    if (holds) return;
    va_list values;
    va_start(values, pattern);
    std::vfprintf(stderr, pattern, values);
    va_end(values);
    std::fputc('\n', stderr);
    std::_Exit(1);
}

using Edges = std::vector<std::pair<int, int>>;

/// A graph's tasks while it runs, and what they leave behind.
struct Probe {
    int task_count;
    std::vector<std::vector<int>> predecessors;
    std::vector<CoreType> core_types;
    std::vector<int> runs;                      // by task, plain memory
    std::vector<std::atomic<int>> occupied[2];  // by core type and core
    int throwing_task = -1;

    Probe(int tasks, const Edges& edges, std::mt19937& random, int block_dim)
        : task_count(tasks),
          predecessors(static_cast<size_t>(tasks)),
          runs(static_cast<size_t>(tasks), 0),
          occupied{std::vector<std::atomic<int>>(static_cast<size_t>(block_dim)),
                   std::vector<std::atomic<int>>(static_cast<size_t>(2 * block_dim))} {
        for (int id = 0; id < tasks; ++id) {
            core_types.push_back(random() % 2 == 0 ? CoreType::AIC : CoreType::AIV);
        }
        for (const auto& [from, to] : edges) predecessors[static_cast<size_t>(to)].push_back(from);
    }

    void run(int id, CoreType kernel_type) {
        const WorkerSlot* worker = current_worker();
        expect(worker != nullptr, "task %d runs on a thread that is no worker", id);
        expect(worker->task_id == id, "task %d runs as task %d", id, worker->task_id.load());
        const int type = worker->core_type;
        expect(type == static_cast<int>(kernel_type) &&
                   kernel_type == core_types[static_cast<size_t>(id)],
               "task %d runs on a core of type %d", id, type);
        const size_t core = static_cast<size_t>(worker->core_id);
        expect(core < occupied[type].size(), "task %d runs on core %zu", id, core);
        expect(occupied[type][core].exchange(1) == 0, "task %d shares core %zu", id, core);
        for (const int predecessor : predecessors[static_cast<size_t>(id)]) {
            expect(runs[static_cast<size_t>(predecessor)] == 1, "task %d runs before task %d", id,
                   predecessor);
        }
        expect(++runs[static_cast<size_t>(id)] == 1, "task %d runs twice", id);
        occupied[type][core].store(0);
        if (id == throwing_task) throw std::runtime_error("thrown by the test");
    }
};

template <CoreType kType>
void kernel(int64_t* args) {
    reinterpret_cast<Probe*>(args[0])->run(static_cast<int>(args[1]), kType);
}

const KernelTable& kernels() {
    static const KernelTable table({{"cube", kernel<CoreType::AIC>, 0, CoreType::AIC},
                                    {"vector", kernel<CoreType::AIV>, 7, CoreType::AIV}});
    return table;
}

Graph build(Probe& probe, const Edges& edges) {
    GraphBuilder builder;
    for (int id = 0; id < probe.task_count; ++id) {
        const uint64_t args[] = {reinterpret_cast<uint64_t>(&probe), static_cast<uint64_t>(id)};
        const CoreType type = probe.core_types[static_cast<size_t>(id)];
        expect(builder.add_task(args, 2, type == CoreType::AIC ? 0 : 7, type) == id, "ids ascend");
    }
    for (const auto& [from, to] : edges) builder.add_successor(from, to);
    return builder.seal(kernels());
}

/// Edges of one of several shapes; every edge leads to a larger id, and some are there twice.
Edges random_edges(int tasks, std::mt19937& random) {
    const auto below = [&](int bound) {
        return static_cast<int>(random() % static_cast<unsigned>(bound));
    };
    Edges edges;
    switch (below(6)) {
        case 0:  // no edges
            break;
        case 1:  // chain
            for (int id = 1; id < tasks; ++id) edges.emplace_back(id - 1, id);
            break;
        case 2:  // fan-out
            for (int id = 1; id < tasks; ++id) edges.emplace_back(0, id);
            break;
        case 3:  // fan-in
            for (int id = 1; id < tasks; ++id) edges.emplace_back(id - 1, tasks - 1);
            edges.pop_back();
            break;
        case 4: {  // layers
            const int width = 1 + below(40);
            for (int id = width; id < tasks; ++id) {
                const int layer = id - id % width;
                for (int i = below(4); i-- > 0;) edges.emplace_back(layer - 1 - below(width), id);
            }
            break;
        }
        default:  // anything
            for (int i = below(4 * tasks); i-- > 0;) {
                const int to = 1 + below(tasks - 1);
                edges.emplace_back(below(to), to);
            }
    }
    return edges;
}

struct Interval {
    uint64_t start;
    uint64_t end;
};

void check_records(const Probe& probe, const std::vector<TaskRecord>& records, int thread_count) {
    std::vector<Interval> by_core[2][256];
    for (int id = 0; id < probe.task_count; ++id) {
        const TaskRecord& record = records[static_cast<size_t>(id)];
        const auto type = static_cast<size_t>(probe.core_types[static_cast<size_t>(id)]);
        const uint64_t core = record.start_and_core & 0xffff;
        const uint64_t thread = record.end_and_thread & 0xffff;
        const Interval interval{record.start_and_core >> 16, record.end_and_thread >> 16};
        expect(static_cast<int>(thread) < thread_count, "task %d on thread %d", id,
               static_cast<int>(thread));
        expect(core < probe.occupied[type].size(), "task %d on core %d", id,
               static_cast<int>(core));
        expect(interval.start <= interval.end, "task %d ends before it starts", id);
        by_core[type][core].push_back(interval);
    }
    for (auto& type : by_core) {
        for (auto& core : type) {
            // A task may start and end within one tick of a coarse clock.
            std::sort(core.begin(), core.end(), [](const Interval& a, const Interval& b) {
                return std::tie(a.start, a.end) < std::tie(b.start, b.end);
            });
            for (size_t i = 1; i < core.size(); ++i) {
                expect(core[i - 1].end <= core[i].start, "two tasks at a time on a core");
            }
        }
    }
}

/// Work stealing half of the time, else a thread per core, another schedule, or both. Nobody looks
/// again: a call that a thread misses is a test that never ends.
ExecutorOptions random_options(int block_dim, int thread_count, std::mt19937& random) {
    ExecutorOptions options{block_dim, thread_count, A2A3_SCHEDULE_DEPTH_FIRST,
                            random(),  read_ticks(), std::chrono::hours(24)};
    if (random() % 2 == 0) return options;
    options.schedule = static_cast<a2a3_schedule>(random() % 5);
    if (random() % 4 == 0) options.thread_count = kThreadPerCore;
    return options;
}

void run_random_graph(std::mt19937& random, int thread_count) {
    const int tasks = 2 + static_cast<int>(random() % 700);
    const int block_dim = 1 + static_cast<int>(random() % 24);
    const Edges edges = random_edges(tasks, random);
    Probe probe(tasks, edges, random, block_dim);
    const bool throws = random() % 4 == 0;
    if (throws) probe.throwing_task = static_cast<int>(random() % static_cast<unsigned>(tasks));

    Graph graph = build(probe, edges);
    expect(graph.task_count() == tasks && graph.edge_count == edges.size(), "graph's size");
    const auto control = std::make_unique<Control>();
    std::vector<TaskRecord> records(static_cast<size_t>(tasks));
    const ExecutorOptions options = random_options(block_dim, thread_count, random);
    const bool succeeded = execute(graph, kernels(), options, *control, records.data());

    expect(succeeded != throws, "execute() returned %d", succeeded);
    if (throws) {
        expect(control->ending.failure == A2A3_FAILURE_KERNEL_EXCEPTION, "failure of a throw");
        expect(control->ending.task_id == probe.throwing_task, "culprit of a throw");
        expect(std::string(control->ending.message) == "std::runtime_error: thrown by the test",
               "text of a throw");
        for (int id = 0; id < tasks; ++id) {
            const auto& before = probe.predecessors[static_cast<size_t>(id)];
            const bool follows =
                std::find(before.begin(), before.end(), probe.throwing_task) != before.end();
            expect(!follows || probe.runs[static_cast<size_t>(id)] == 0,
                   "task %d runs though its predecessor threw", id);
        }
        return;
    }
    for (int id = 0; id < tasks; ++id) {
        expect(probe.runs[static_cast<size_t>(id)] == 1, "task %d ran %d times", id,
               probe.runs[static_cast<size_t>(id)]);
    }
    check_records(probe, records,
                  options.thread_count == kThreadPerCore ? 3 * block_dim : thread_count);
}

void find_random_cycle(std::mt19937& random) {
    const int tasks = 2 + static_cast<int>(random() % 300);
    Edges edges = random_edges(tasks, random);
    const int first = static_cast<int>(random() % static_cast<unsigned>(tasks));
    const int last = first + static_cast<int>(random() % static_cast<unsigned>(tasks - first));
    for (int id = first; id < last; ++id) edges.emplace_back(id, id + 1);
    edges.emplace_back(last, first);
    std::shuffle(edges.begin(), edges.end(), random);
    Probe probe(tasks, edges, random, 1);
    try {
        build(probe, edges);
    } catch (const CaseFailure& failure) {
        expect(failure.kind == A2A3_FAILURE_GRAPH, "failure of a cycle");
        expect(failure.task_id >= 0 && failure.task_id < tasks, "culprit of a cycle");
        return;
    }
    expect(false, "a cycle of %d tasks was not found", last - first + 1);
}

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

/// Elements keep their places and values, and fresh ones are zero, across page boundaries.
void grow_an_array(std::mt19937& random) {
    GrowingArray<uint32_t> array(size_t{1} << 40);
    const uint32_t* const first = array.extend(1);
    while (array.size() < 3'000'000) {
        const size_t count = random() % 200'000;
        const size_t size = array.size();
        uint32_t* const added = array.extend(count);
        expect(array.data() == first && added == first + size, "an element moved");
        for (size_t i = 0; i < count; ++i) {
            expect(added[i] == 0, "a fresh element is %u", added[i]);
            added[i] = static_cast<uint32_t>(size + i);
        }
    }
    GrowingArray<uint32_t> moved = std::move(array);
    expect(array.empty() && moved.data() == first, "an array moves");
    for (size_t i = 0; i < moved.size(); ++i)
        expect(moved[i] == i, "element %zu is %u", i, moved[i]);
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
        for (unsigned burst = random() % 4000; burst-- > 0 && task < kTasks;) queue.push(task++);
        for (unsigned burst = random() % 1000; burst-- > 0;) take(queue.pop());
    }
    while (left.load() > 0) take(queue.pop());
    for (std::thread& thief : thieves) thief.join();
    for (int task = 0; task < kTasks; ++task) {
        const int times = taken[static_cast<size_t>(task)];
        expect(times == 1, "task %d was taken %d times", task, times);
    }
    expect(queue.looks_empty(), "the queue is empty at last");
}

}  // namespace

int main(int argc, char** argv) {
    expect(argc == 3, "usage: engine_test THREADS ROUNDS");
    const int thread_count = std::atoi(argv[1]);
    const int rounds = std::atoi(argv[2]);
    std::mt19937 random(static_cast<unsigned>(thread_count));
    for (int round = 0; round < rounds; ++round) {
        run_random_graph(random, thread_count);
        find_random_cycle(random);
        analyse_random_graph(random);
    }
    grow_an_array(random);
    share_a_queue(random, thread_count - 1);
    std::printf("%d graphs, %d cycles\n", rounds, rounds);
}
