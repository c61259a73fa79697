// Who wrote and read each byte of a memory last, as far as later instructions can conflict with it.
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "sanitizer/core/pipes.h"

namespace a2a3sim {

class CoreMemory {
  public:
    static constexpr int32_t kNobody = -1;

    struct Segment {
        uint64_t end;
        int32_t writer;  // a step, or kNobody
        int32_t writer_tile;
        uint64_t written_begin;  // all that it wrote at once
        uint64_t written_end;
        std::array<int32_t, Pipes::kPipes> readers;  // the last one since, of each pipe
        int32_t earlier_tile;                        // that was written before another one was
    };

    void clear() { segments_.clear(); }

    /// Calls `visit` with the begin and each segment of a range, which then ends at its ends.
    template <typename Visit>
    void for_each(uint64_t begin, uint64_t end, Visit visit) {
        split(begin);
        split(end);
        while (begin < end) {
            auto at = segments_.find(begin);
            if (at == segments_.end()) {
                const auto next = segments_.lower_bound(begin);
                const uint64_t until =
                    next == segments_.end() || next->first > end ? end : next->first;
                at = segments_.emplace_hint(next, begin, fresh(until));
            }
            visit(begin, at->second);
            begin = at->second.end;
        }
    }

  private:
    static Segment fresh(uint64_t end) {
        Segment segment{end, kNobody, kNobody, 0, 0, {}, kNobody};
        segment.readers.fill(kNobody);
        return segment;
    }

    void split(uint64_t at) {
        auto next = segments_.upper_bound(at);
        if (next == segments_.begin()) return;
        auto& [begin, segment] = *std::prev(next);
        if (begin == at || segment.end <= at) return;
        const Segment upper = segment;
        segment.end = at;
        segments_.emplace_hint(next, at, upper);
    }

    std::map<uint64_t, Segment> segments_;  // by their beginnings
};

}  // namespace a2a3sim
