// What instructions do to bytes that others have accessed.
#include "sanitizer/core/core_check.h"

namespace a2a3sim {

void CoreCheck::check_parts(int32_t step) {
    // What an instruction reads was there before it writes.
    for (const bool writes : {false, true}) {
        for (const Part& part : parts_) {
            if (part.writes != writes) continue;
            if (writes) {
                write(part, step);
            } else {
                read(part, step);
            }
        }
        // What a flag or a barrier would order that is missing, too, is no further finding.
        for (const int32_t earlier : raced_) {
            pipes_.assume_follows(steps_[static_cast<size_t>(step)].pipe,
                                  steps_[static_cast<size_t>(earlier)].issued);
        }
        raced_.clear();
    }
}

bool CoreCheck::is_ordered(int32_t earlier, int32_t later, int32_t space,
                           bool is_antidependent) const {
    if (earlier == CoreMemory::kNobody || earlier == later) return true;
    const Step& first = steps_[static_cast<size_t>(earlier)];
    // Caches between scalar code and device memory are not modelled.
    if (first.pipe == A2A3_PIPE_S && space == A2A3_SPACE_GM) return true;
    return pipes_.follows(steps_[static_cast<size_t>(later)].pipe, first.issued, is_antidependent);
}

void CoreCheck::note_race(int32_t kind, int32_t space, uint64_t begin, uint64_t end,
                          int32_t earlier, int32_t later) {
    note({A2A3_CHECK_RACECHECK, kind, space, begin, end, earlier, later});
    raced_.push_back(earlier);
}

bool CoreCheck::is_overwritten(const Part& part, const CoreMemory::Segment& segment) const {
    if (part.tile >= 0) {
        return segment.writer_tile != part.tile && segment.earlier_tile == part.tile;
    }
    // Tiles of which one holds the other may be views.
    return tiles_.is_one_tile(part.space, part.begin, part.end, part.begin, part.end) &&
           !tiles_.is_one_tile(part.space, part.begin, part.end, segment.written_begin,
                               segment.written_end);
}

void CoreCheck::read(const Part& part, int32_t step) {
    const auto pipe = static_cast<size_t>(steps_[static_cast<size_t>(step)].pipe);
    const bool is_on_core = part.space != A2A3_SPACE_GM;
    const auto look_at = [&](uint64_t begin, CoreMemory::Segment& segment) {
        const uint64_t end = segment.end;
        if (segment.writer == CoreMemory::kNobody) {
            if (is_on_core) {
                note({A2A3_CHECK_INITCHECK, A2A3_CORE_FINDING_UNINITIALIZED, part.space, begin, end,
                      step, -1});
            }
        } else if (!is_ordered(segment.writer, step, part.space, false)) {
            note_race(A2A3_CORE_FINDING_RAW, part.space, begin, end, segment.writer, step);
        } else if (is_on_core && segment.writer != step && is_overwritten(part, segment)) {
            note({A2A3_CHECK_MEMCHECK, A2A3_CORE_FINDING_OVERWRITTEN, part.space, begin, end,
                  segment.writer, step});
        }
        segment.readers[pipe] = step;
    };
    memories_[part.space].for_each(part.begin, part.end, look_at);
}

void CoreCheck::write(const Part& part, int32_t step) {
    CoreMemory& memory = memories_[part.space];
    memory.for_each(part.begin, part.end, [&](uint64_t begin, CoreMemory::Segment& segment) {
        bool races = false;
        for (const int32_t reader : segment.readers) {
            if (is_ordered(reader, step, part.space, true)) continue;
            note_race(A2A3_CORE_FINDING_WAR, part.space, begin, segment.end, reader, step);
            races = true;
        }
        // They have waited for the writer, or are findings themselves.
        if (!races && !is_ordered(segment.writer, step, part.space, false)) {
            note_race(A2A3_CORE_FINDING_WAW, part.space, begin, segment.end, segment.writer, step);
        }
        if (segment.writer_tile >= 0 && segment.writer_tile != part.tile) {
            segment.earlier_tile = segment.writer_tile;
        }
        segment.writer = step;
        segment.writer_tile = part.tile;
        segment.written_begin = part.begin;
        segment.written_end = part.end;
        segment.readers.fill(CoreMemory::kNobody);
    });
}

}  // namespace a2a3sim
