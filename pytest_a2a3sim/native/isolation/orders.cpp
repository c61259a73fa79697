#include "isolation/orders.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/ticks.h"
#include "executor/serial_execution.h"
#include "executor/serial_order.h"
#include "isolation/out_of_reach.h"

namespace a2a3sim {

namespace {

/// Saving more would cost more than most graphs do.
constexpr size_t kMostSaved = size_t{64} << 20;

/// Where a buffer and the bytes that belong to it alone begin, and how many they are.
std::pair<char*, size_t> extent(const DeviceBuffer& buffer) {
    if (buffer.pages != 0) return {reinterpret_cast<char*>(buffer.pages), buffer.mapped_size};
    constexpr size_t kUnit = DeviceMemory::kAlignment;
    const size_t rounded = (buffer.size + kUnit - 1) / kUnit * kUnit;
    return {reinterpret_cast<char*>(buffer.begin), rounded + kUnit};
}

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

/// Orders in which a graph was executed, each in the tasks' ids: schedules of few choices often
/// agree.
class DistinctOrders {
  public:
    /// False if an order that was added before is the same.
    bool add(const std::vector<int32_t>& order) {
        if (std::find(orders_.begin(), orders_.end(), order) != orders_.end()) return false;
        orders_.push_back(order);
        return true;
    }

  private:
    std::vector<std::vector<int32_t>> orders_;
};

}  // namespace

SavedDeviceMemory::SavedDeviceMemory(const DeviceMemory& memory) : memory_(memory) {
    size_t size = 0;
    for (size_t index = 0; index < memory.buffer_count(); ++index) {
        const DeviceBuffer& buffer = memory.buffer(index);
        if (buffer.live == 0) continue;
        if (buffer.content == kPoison) {
            painted_.push_back(index);
        } else {
            const auto [begin, bytes] = extent(buffer);
            ranges_.push_back({begin, bytes});
            size += bytes;
        }
    }
    bytes_.reset(new char[size]);  // not zeroed: every page would be touched twice
    char* next = bytes_.get();
    for (const Range& range : ranges_) {
        std::memcpy(next, range.begin, range.size);
        next += range.size;
    }
}

void SavedDeviceMemory::restore() const {
    for (const size_t index : painted_) memory_.paint(index);
    const char* next = bytes_.get();
    for (const Range& range : ranges_) {
        std::memcpy(range.begin, next, range.size);
        next += range.size;
    }
}

size_t SavedDeviceMemory::size_of(const DeviceMemory& memory) {
    size_t size = 0;
    for (size_t index = 0; index < memory.buffer_count(); ++index) {
        const DeviceBuffer& buffer = memory.buffer(index);
        if (buffer.live != 0) size += extent(buffer).second;
    }
    return size;
}

FurtherOrders::FurtherOrders(const CaseDescription& description, const SharedState& shared,
                             const DeviceMemory& memory)
    : description_(description), shared_(shared), start_(cpu_nanoseconds()) {
    const bool unlimited = description.order_seconds <= 0;
    if (description.orders.empty() || !description.isolate) return;
    if (!unlimited && SavedDeviceMemory::size_of(memory) > kMostSaved) return;
    saved_.emplace(memory);
}

void FurtherOrders::note_execution(a2a3_ending& ending) const {
    const double seconds = to_seconds(cpu_nanoseconds() - start_);
    ending.quick = description_.order_seconds <= 0 || seconds <= description_.order_seconds;
}

bool FurtherOrders::differs(const RuntimeHost& host) const {
    const std::vector<TensorPair>& pairs = host.tensor_pairs();
    return std::any_of(pairs.begin(), pairs.end(), [](const TensorPair& pair) {
        return std::memcmp(pair.host_ptr, pair.dev_ptr, pair.size) != 0;
    });
}

void FurtherOrders::run(Graph& graph, const KernelTable& kernels, const RuntimeHost& host,
                        Control& control) {
    a2a3_ending& ending = control.draft;
    if (!are_due(ending)) {
        ending.orders_finished = static_cast<int32_t>(description_.orders.size());
        return;
    }
    silence();
    restore_fanins(graph);
    constexpr size_t kSmall = 1024;  // large graphs have many orders
    DistinctOrders distinct;
    if (description_.thread_count == 1 && graph.tasks.size() <= kSmall) {
        const ExecutorOptions options{description_.block_dim, 1, description_.schedule,
                                      description_.seed, 0};
        distinct.add(serial_order(graph, kernels, options));
    }
    const TablesOutOfReach tables_out_of_reach(shared_);
    bool first = true;
    for (const a2a3_order& order : description_.orders) {
        const ExecutorOptions options{description_.block_dim, 1,
                                      static_cast<a2a3_schedule>(order.schedule), order.seed, 0};
        const std::vector<int32_t> tasks = serial_order(graph, kernels, options);
        // One order is executed in any case: a kernel that is not deterministic may show it.
        if (graph.tasks.size() <= kSmall && !distinct.add(tasks) && !first) {
            ++ending.orders_finished;
            continue;
        }
        first = false;
        saved_->restore();
        bool succeeded = false;
        {
            const HostTensorsOutOfReach out_of_reach(description_);
            succeeded = execute_serially(graph, kernels, options, control, nullptr, tasks);
        }
        if (!succeeded || differs(host)) return;
        ++ending.orders_finished;
    }
}

}  // namespace a2a3sim
