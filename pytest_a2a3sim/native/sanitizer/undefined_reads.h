// Reads of device memory that nobody wrote, where something comes to depend on them.
//
// A task that reads such bytes is executed once more, in a forked process, with other values in
// them. What it writes then is the same, if it had no use for them; or it has moved them elsewhere,
// where they are as undefined as before; or a value, an address or a branch depends on them.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"
#include "graph/reachability.h"
#include "sanitizer/history.h"
#include "sanitizer/page_net.h"

namespace a2a3sim {

/// A task whose results depend on bytes that no copy and no task before it wrote.
struct UndefinedRead {
    int32_t task;
    int32_t buffer;
    const void* code;
    uint64_t begin;
    uint64_t end;
    uint64_t bytes;
};

class UndefinedReads {
  public:
    UndefinedReads(History& history, Reachability& order, PageNet& net, a2a3_recorder& recorder,
                   uint8_t poison)
        : history_(history), order_(order), net_(net), recorder_(recorder), poison_(poison) {}

    /// To be called after the task, before the net closes. `args` are the task's own.
    void end_task(int32_t id, const Kernel& kernel, const std::vector<int64_t>& args);

    /// To be called when the graph has run, for each range that is copied back: a task that has
    /// moved undefined bytes there is told like one that depends on them.
    void end_graph(uint64_t begin, uint64_t end);

    const std::vector<UndefinedRead>& found() const { return found_; }
    /// Tasks that read such bytes of which it is not known what depends on them.
    int64_t undecided() const { return undecided_; }

  private:
    struct Range {
        uint64_t begin;
        uint64_t end;
    };
    enum class Verdict : int32_t { kUnknown, kUnused, kMoved, kDepends };
    struct Answer;

    bool is_defined(const Access& access);
    Verdict examine(const Kernel& kernel, const std::vector<int64_t>& args,
                    const std::vector<Range>& undefined, std::vector<Range>& moved);
    /// In a forked process.
    Verdict execute_again(const Kernel& kernel, std::vector<int64_t> args,
                          const std::vector<Range>& undefined, uint8_t flipped, Answer& answer);
    Verdict ask(const Kernel& kernel, const std::vector<int64_t>& args,
                const std::vector<Range>& undefined, uint8_t flipped, Answer& answer);

    static constexpr uint8_t kFlips[] = {0xC4, 0xFF};            // 0xFF, a NaN, becomes 0x3B and 0
    static constexpr int64_t kMostNanoseconds = 10'000'000'000;  // for all tasks of a graph

    History& history_;
    Reachability& order_;
    PageNet& net_;
    a2a3_recorder& recorder_;
    const uint8_t poison_;
    std::vector<UndefinedRead> found_;
    int64_t undecided_ = 0;
    int64_t nanoseconds_ = 0;
};

}  // namespace a2a3sim
