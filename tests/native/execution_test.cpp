// Random graphs on the executors. Every task reads what its predecessors wrote to plain memory, so
// that a missing synchronisation is a data race that ThreadSanitizer sees, and checks what it can
// see of the schedule.
#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>

#include "base/failure.h"
#include "base/ticks.h"
#include "engine_test.h"
#include "executor/executor.h"
#include "executor/serial_order.h"
#include "expect.h"
#include "graph/graph.h"
#include "shared/control.h"

namespace {

using namespace a2a3sim;

/// A graph's tasks while it runs, and what they leave behind.
struct Probe {
    int task_count;
    std::vector<std::vector<int>> predecessors;
    std::vector<CoreType> core_types;
    std::vector<int> runs;                      // by task, plain memory
    std::vector<std::atomic<int>> occupied[2];  // by core type and core
    int throwing_task = -1;
    bool serial = false;         // one thread executes the graph
    std::vector<int32_t> order;  // in which it did

    Probe(int tasks, const Edges& edges, std::mt19937& random, int block_dim)
        : task_count(tasks),
          predecessors(static_cast<size_t>(tasks)),
          runs(static_cast<size_t>(tasks), 0),
          occupied{std::vector<std::atomic<int>>(static_cast<size_t>(block_dim)),
                   std::vector<std::atomic<int>>(static_cast<size_t>(kAivPerBlock * block_dim))} {
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
        if (serial) order.push_back(id);
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
    GraphBuilder builder(kernels());
    for (int id = 0; id < probe.task_count; ++id) {
        const uint64_t args[] = {reinterpret_cast<uint64_t>(&probe), static_cast<uint64_t>(id)};
        const CoreType type = probe.core_types[static_cast<size_t>(id)];
        expect(builder.add_task(args, 2, type == CoreType::AIC ? 0 : 7, type) == id, "ids ascend");
    }
    for (const auto& [from, to] : edges) builder.add_successor(from, to);
    return builder.seal();
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
        const auto core = static_cast<size_t>(record.core());
        expect(record.core_type() == static_cast<int>(type), "task %d on another core type", id);
        const Interval interval{record.start(), record.end()};
        expect(record.thread() < thread_count, "task %d on thread %d", id, record.thread());
        expect(core < probe.occupied[type].size(), "task %d on core %zu", id, core);
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

/// Each task of one thread's order is the one that its schedule has to take: looked for among all.
void check_choices(const Probe& probe, const std::vector<int32_t>& order, a2a3_schedule schedule) {
    std::vector<int> unmet;
    std::vector<int32_t> ready;  // in the order in which they became ready
    std::vector<std::vector<int32_t>> successors(probe.predecessors.size());
    for (int32_t id = 0; id < probe.task_count; ++id) {
        const auto& before = probe.predecessors[static_cast<size_t>(id)];
        unmet.push_back(static_cast<int>(before.size()));
        if (before.empty()) ready.push_back(id);
        for (const int predecessor : before) {
            successors[static_cast<size_t>(predecessor)].push_back(id);
        }
    }
    for (const int32_t task : order) {
        const auto place = std::find(ready.begin(), ready.end(), task);
        expect(place != ready.end(), "task %d was not ready", task);
        switch (schedule) {
            case A2A3_SCHEDULE_REVERSE:
                expect(task == *std::max_element(ready.begin(), ready.end()), "not the greatest");
                break;
            case A2A3_SCHEDULE_CREATION:
                expect(task == *std::min_element(ready.begin(), ready.end()), "not the least");
                break;
            case A2A3_SCHEDULE_FIFO:
                expect(place == ready.begin(), "task %d was not the first", task);
                break;
            case A2A3_SCHEDULE_LIFO:
                expect(place == ready.end() - 1, "task %d was not the last", task);
                break;
            default:
                break;
        }
        ready.erase(place);
        // Edges are shuffled: those that it makes ready at one time may come in any order.
        std::vector<int32_t> next;
        for (const int32_t id : successors[static_cast<size_t>(task)]) {
            if (--unmet[static_cast<size_t>(id)] == 0) next.push_back(id);
        }
        const auto at = [&](int32_t id) { return std::find(order.begin(), order.end(), id); };
        const bool last_comes_first = schedule == A2A3_SCHEDULE_LIFO;
        std::sort(next.begin(), next.end(), [&](int32_t one, int32_t other) {
            return last_comes_first ? at(one) > at(other) : at(one) < at(other);
        });
        ready.insert(ready.end(), next.begin(), next.end());
    }
}

/// Work stealing half of the time, else a thread per core, another schedule, or both. Nobody looks
/// again: a call that a thread misses is a test that never ends.
ExecutorOptions random_options(int tasks, int block_dim, int thread_count, std::mt19937& random) {
    ExecutorOptions options{block_dim,    thread_count, A2A3_SCHEDULE_DEPTH_FIRST, random(),
                            read_ticks(), nullptr,      std::chrono::hours(24)};
    if (random() % 2 == 0) return options;
    options.schedule = static_cast<a2a3_schedule>(random() % (A2A3_SCHEDULE_BEFORE + 1));
    if (options.schedule == A2A3_SCHEDULE_BEFORE) {  // of two tasks as edges may order them
        const auto second = 1 + random() % static_cast<unsigned>(tasks - 1);
        options.seed = uint64_t{random() % second} << 32 | second;
    }
    if (random() % 4 == 0) options.thread_count = kThreadPerCore;
    return options;
}

}  // namespace

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
    const ExecutorOptions options = random_options(tasks, block_dim, thread_count, random);
    probe.serial = options.thread_count == 1;
    const std::vector<int32_t> order = serial_order(graph, kernels(), options);
    const bool succeeded = execute(graph, kernels(), options, *control, records.data());

    expect(succeeded != throws, "execute() returned %d", succeeded);
    if (throws) {
        expect(control->report->ending.failure == A2A3_FAILURE_KERNEL_EXCEPTION,
               "failure of a throw");
        expect(control->report->ending.task_id == probe.throwing_task, "culprit of a throw");
        expect(std::string(control->report->ending.message) ==
                   "std::runtime_error: thrown by the test",
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
    expect(!probe.serial || probe.order == order, "another order on one thread");
    check_choices(probe, order, options.schedule);
    check_records(
        probe, records,
        options.thread_count == kThreadPerCore ? kCoresPerBlock * block_dim : thread_count);
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
