#include "isolation/orders.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include "base/ticks.h"
#include "executor/pair_order.h"
#include "executor/serial_execution.h"
#include "executor/serial_order.h"
#include "graph/reachability.h"
#include "isolation/out_of_reach.h"
#include "orders/change_watch.h"
#include "orders/hidden_addresses.h"
#include "orders/pair_coverage.h"

namespace a2a3sim {

namespace {

/// Saving more would cost more than most graphs do.
constexpr size_t kMostSaved = size_t{64} << 20;

/// To put more tasks into an order takes longer than to execute them.
constexpr size_t kMostTasks = size_t{1} << 18;

/// A graph that takes more than this share of what it may take is executed in one further order,
/// unless tasks surely use the same bytes: several take longer than it did, and pytest waits.
constexpr double kLongShare = 0.25;

/// Of a larger graph, orders are not compared, nor what its tasks do: that grows with the square.
constexpr size_t kSmall = 1024;

/// How many orders of pairs are executed unless a number is asked for.
constexpr size_t kMostPairs = 12;
constexpr size_t kMostPossiblePairs = 2;  // of those that may do nothing to one another

/// That all threads of this process have used.
int64_t cpu_nanoseconds() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// Counts the predecessors anew that execution has counted down.
void restore_fanins(Graph& graph) {
    for (TaskNode& task : graph.tasks) task.fanin = 0;
    for (const TaskNode& task : graph.tasks) {
        graph.for_each_successor(
            task, [&](int32_t successor) { ++graph.tasks[static_cast<size_t>(successor)].fanin; });
    }
}

/// What kernels print was shown when the graph ran first.
void silence() {
    std::fflush(nullptr);
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0) return;
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
}

/// Whether tasks do nothing to others but by the memory whose addresses they get as arguments, each
/// by itself.
bool is_told_by_arguments(const Graph& graph, const DeviceMemory& memory) {
    return graph.tasks.size() <= kSmall && graph.largest_gang == 1 && graph.writes.empty() &&
           graph.conditions.empty() && !has_odd_addresses(graph, memory) &&
           !holds_addresses(memory);
}

/// The executions of a graph in further orders, on one thread each.
class Executions {
  public:
    struct Case {
        const CaseDescription& description;
        const SavedDeviceMemory& saved;
        Graph& graph;
        const KernelTable& kernels;
        const RuntimeHost& host;
        Control& control;
        bool is_long;  // one order is enough, unless tasks surely use the same bytes
    };

    explicit Executions(const Case& of)
        : case_(of),
          orders_(of.description.orders),
          adverse_(of.description.thread_count == 1 ? 0 : 1),
          is_automatic_(of.description.order_seconds > 0) {}

    /// False: an order has left other outputs, or has not ended.
    bool agree(const DescribedBy& described_by) {
        return agree_strictly(described_by) && !dependent_differs_;
    }

  private:
    enum class Finding { kDiffers, kNothingMore, kMore };

    bool agree_strictly(const DescribedBy& described_by) {
        if (case_.graph.tasks.size() <= kSmall) {
            first_ = tasks_in({case_.description.schedule, case_.description.seed});
            if (case_.description.thread_count == 1) executed_.push_back(first_);
        }
        if (is_told_by_arguments(case_.graph, case_.host.memory())) {
            const Finding finding = examine_pairs(described_by);
            if (finding == Finding::kDiffers) return false;
            if (finding == Finding::kNothingMore && is_automatic_) return true;
            if (case_.is_long) return true;
        }
        if (case_.is_long) return agrees(adverse_);
        for (size_t i = 0; i < orders_.size(); ++i) {
            if (!is_automatic_ && adverse_count_ >= most_adverse()) return true;
            if (!agrees(i)) return false;
        }
        return true;
    }

    size_t most_adverse() const { return orders_.size() - adverse_; }

    ExecutorOptions options_of(const a2a3_order& order) const {
        return {case_.description.block_dim, 1, static_cast<a2a3_schedule>(order.schedule),
                order.seed, 0};
    }

    std::vector<int32_t> tasks_in(const a2a3_order& order) const {
        return serial_order(case_.graph, case_.kernels, options_of(order));
    }

    /// Executes the graph from what device memory holds now.
    bool agrees(const a2a3_order& order, const std::vector<int32_t>& tasks,
                TaskObserver* observer) {
        ExecutorOptions options = options_of(order);
        options.observer = observer;
        bool succeeded = false;
        {
            const HostTensorsOutOfReach out_of_reach(case_.description, Reach::kRead);
            succeeded = execute_serially(case_.graph, case_.kernels, options, case_.control,
                                         nullptr, tasks);
        }
        // What is written next to a buffer is told of by the run that the parent starts in this
        // order.
        Damage damage;
        return succeeded && !case_.host.memory().find_damage(damage) && leaves_the_same();
    }

    /// Whether device memory has what the host has got from it. Outputs that may depend on the
    /// order are compared by others, and keep nobody from looking at the next order.
    bool leaves_the_same() {
        bool is_same = true;
        for (const TensorPair& pair : case_.host.tensor_pairs()) {
            if (std::memcmp(pair.host_ptr, pair.dev_ptr, pair.size) == 0) continue;
            const std::vector<HostTensor>& tensors = case_.description.tensors;
            const int tensor = find_tensor(tensors, pair.host_ptr);
            const bool may_differ =
                tensor >= 0 && tensors[static_cast<size_t>(tensor)].order_dependent;
            dependent_differs_ |= may_differ;
            is_same &= may_differ;
        }
        return is_same;
    }

    /// Executes one of the orders that the case asks for, unless tasks came in the same order
    /// before: schedules of few choices often agree. One is executed in any case: a kernel that is
    /// not deterministic may show it.
    bool agrees(size_t index) {
        const bool is_adverse = index >= adverse_;
        std::vector<int32_t> tasks = tasks_in(orders_[index]);
        const bool is_known =
            std::find(executed_.begin(), executed_.end(), tasks) != executed_.end();
        if (is_known && !(is_adverse && adverse_count_ == 0)) return true;
        adverse_count_ += is_adverse ? 1 : 0;
        case_.saved.restore();
        const bool agreed = agrees(orders_[index], tasks, nullptr);
        if (case_.graph.tasks.size() <= kSmall) executed_.push_back(std::move(tasks));
        return agreed;
    }

    /// Executes the first adverse order, sees what tasks change in it, and executes orders of pairs
    /// in which these do what no order has shown yet.
    Finding examine_pairs(const DescribedBy& described_by) {
        const Graph& graph = case_.graph;
        const DeviceMemory& memory = case_.host.memory();
        Reachability reachability(graph);
        const std::vector<bool> unchanged = case_.saved.restore();
        const std::vector<SharedBuffer> buffers =
            shared_buffers(graph, memory, first_, reachability, described_by, unchanged);
        const std::vector<int32_t> tasks = tasks_in(orders_[adverse_]);
        ChangeWatch watch(buffers, graph.tasks.size(), memory);
        executed_.push_back(tasks);
        ++adverse_count_;
        if (!agrees(orders_[adverse_], tasks, buffers.empty() ? nullptr : &watch)) {
            return Finding::kDiffers;
        }
        PairCoverage coverage(buffers, watch, reachability, first_);
        if (!coverage.is_complete()) return Finding::kMore;
        if (!coverage.has_targets()) {
            return watch.has_seen_all() ? Finding::kNothingMore : Finding::kMore;
        }
        if (adverse_ > 0 && !agrees(0)) return Finding::kDiffers;
        coverage.add(first_);
        coverage.add(tasks);
        const bool agreed =
            agrees_on(coverage, true) && (case_.is_long || agrees_on(coverage, false));
        return agreed ? Finding::kMore : Finding::kDiffers;
    }

    /// The same of pairs that surely use the same bytes, or of those that may.
    bool agrees_on(PairCoverage& coverage, bool sure) {
        size_t most = most_adverse() - std::min(most_adverse(), adverse_count_);
        if (is_automatic_) most = sure ? kMostPairs : kMostPossiblePairs;
        for (; most > 0; --most) {
            const std::optional<TaskPair> pair = coverage.next(sure);
            if (!pair) return true;
            const a2a3_order order{A2A3_SCHEDULE_BEFORE, pair->seed()};
            const std::vector<int32_t> tasks = tasks_in(order);
            case_.control.begin_pair_order(order);
            case_.saved.restore();
            ++adverse_count_;
            if (!agrees(order, tasks, nullptr)) return false;
            coverage.add(tasks);
        }
        return true;
    }

    const Case case_;
    const std::vector<a2a3_order>& orders_;
    const size_t adverse_;  // index of the first order that is adverse to that of the case
    const bool is_automatic_;
    bool dependent_differs_ = false;              // what an order leaves in outputs that may
    size_t adverse_count_ = 0;                    // executed
    std::vector<int32_t> first_;                  // the order of the case, of a small graph
    std::vector<std::vector<int32_t>> executed_;  // on one thread
};

}  // namespace

FurtherOrders::FurtherOrders(const CaseDescription& description, const SharedState& shared,
                             const RuntimeHost& host, const Graph& graph)
    : description_(description), shared_(shared), start_(cpu_nanoseconds()) {
    if (!are_possible(description, host.memory(), graph.tasks.size())) return;
    saved_.emplace(host.memory(), description.tensors, host.copies());
}

bool FurtherOrders::are_possible(const CaseDescription& description, const DeviceMemory& memory,
                                 size_t tasks) {
    if (description.orders.empty() || !description.isolate) return false;
    const bool unlimited = description.order_seconds <= 0;
    return unlimited || (tasks <= kMostTasks && SavedDeviceMemory::size_of(memory) <= kMostSaved);
}

void FurtherOrders::note_execution(a2a3_ending& ending) {
    seconds_ = to_seconds(cpu_nanoseconds() - start_);
    ending.quick = description_.order_seconds <= 0 || seconds_ <= description_.order_seconds;
}

void FurtherOrders::run(Graph& graph, const KernelTable& kernels, const RuntimeHost& host,
                        Control& control, const DescribedBy& described_by) {
    a2a3_ending& ending = control.draft;
    ending.orders_agree = 1;
    if (!are_due(ending)) return;
    silence();
    restore_fanins(graph);
    set_result_tables_writable(shared_, false);
    const bool is_long =
        description_.order_seconds > 0 && seconds_ > kLongShare * description_.order_seconds;
    Executions executions({description_, *saved_, graph, kernels, host, control, is_long});
    ending.orders_agree = executions.agree(described_by) ? 1 : 0;
}

}  // namespace a2a3sim
