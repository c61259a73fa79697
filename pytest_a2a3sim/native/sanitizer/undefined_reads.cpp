#include "sanitizer/undefined_reads.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/float_environment.h"
#include "base/ticks.h"

namespace a2a3sim {

namespace {

constexpr unsigned kMostSeconds = 10;  // that a task may take with other values

void silence() {
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
}

}  // namespace

/// Shared with the forked process.
struct UndefinedReads::Answer {
    static constexpr uint32_t kMostMoved = 4096;

    Verdict verdict;
    uint32_t moved_count;
    Range moved[kMostMoved];

    /// False if there is no room for it.
    bool add_moved(uint64_t address) {
        if (moved_count > 0 && moved[moved_count - 1].end == address) {
            ++moved[moved_count - 1].end;
        } else if (moved_count < kMostMoved) {
            moved[moved_count++] = {address, address + 1};
        } else {
            return false;
        }
        return true;
    }
};

void UndefinedReads::end_task(int32_t id, const Kernel& kernel, const std::vector<int64_t>& args) {
    std::vector<Range> undefined;
    UndefinedRead read{id, History::kOutside, nullptr, UINT64_MAX, 0, 0};
    for (uint32_t i = history_.first_of_task(); i < history_.end(); ++i) {
        const Access& access = history_[i];
        if (access.bytes == 0 || !access.reads() || access.buffer == History::kOutside ||
            is_defined(access)) {
            continue;
        }
        history_.for_each_range(
            i, [&](uint64_t begin, uint64_t end) { undefined.push_back({begin, end}); });
        if (access.begin < read.begin) {
            read.buffer = access.buffer;
            read.code = access.read_by;
            read.begin = access.begin;
        }
    }
    if (undefined.empty()) return;
    for (const Range& range : undefined) {
        const Access& access = history_[history_.last_of(range.begin)];
        if (access.buffer != read.buffer) continue;
        read.begin = std::min(read.begin, range.begin);
        read.end = std::max(read.end, range.end);
        read.bytes += range.end - range.begin;
    }
    std::vector<Range> moved;
    switch (examine(kernel, args, undefined, moved)) {
        case Verdict::kDepends:
            found_.push_back(read);
            break;
        case Verdict::kUnknown:
            ++undecided_;
            break;
        default:
            for (const Range& range : moved) history_.mark_undefined(range.begin, range.end);
    }
}

void UndefinedReads::end_graph(uint64_t begin, uint64_t end) {
    for (uint64_t at = begin; at < end; ++at) {
        uint32_t last = history_.last_of(at);
        while (last != 0 && !history_[last].writes()) last = history_[last].before;
        if (last == 0 || !history_[last].is_undefined) continue;
        const Access& access = history_[last];
        const auto known = std::find_if(found_.begin(), found_.end(),
                                        [&](const auto& read) { return read.task == access.task; });
        if (known == found_.end()) {
            found_.push_back({access.task, access.buffer, access.written_by, at, at + 1, 1});
        } else if (known->buffer == access.buffer && at >= known->end) {
            known->end = at + 1;
            ++known->bytes;
        }
    }
}

bool UndefinedReads::is_defined(const Access& access) {
    for (uint32_t i = access.before; i != 0; i = history_[i].before) {
        const Access& earlier = history_[i];
        if (earlier.writes() && order_.leads(earlier.task, access.task)) {
            return !earlier.is_undefined;
        }
    }
    return access.is_copied_to;
}

UndefinedReads::Verdict UndefinedReads::examine(const Kernel& kernel,
                                                const std::vector<int64_t>& args,
                                                const std::vector<Range>& undefined,
                                                std::vector<Range>& moved) {
    if (nanoseconds_ > kMostNanoseconds) return Verdict::kUnknown;
    const int64_t start = monotonic_nanoseconds();
    void* const memory =
        mmap(nullptr, sizeof(Answer), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return Verdict::kUnknown;
    Answer& answer = *static_cast<Answer*>(memory);
    Verdict verdict = Verdict::kUnused;
    for (const uint8_t flipped : kFlips) {
        const Verdict next = ask(kernel, args, undefined, flipped, answer);
        if (next == Verdict::kMoved) moved.assign(answer.moved, answer.moved + answer.moved_count);
        if (next != Verdict::kUnused) verdict = next;
        if (next == Verdict::kDepends || next == Verdict::kUnknown) break;
    }
    // A kernel that ends differently with the same values is not deterministic, and proves nothing.
    if (verdict == Verdict::kDepends &&
        ask(kernel, args, undefined, 0, answer) != Verdict::kUnused) {
        verdict = Verdict::kUnknown;
    }
    munmap(memory, sizeof(Answer));
    nanoseconds_ += monotonic_nanoseconds() - start;
    return verdict;
}

UndefinedReads::Verdict UndefinedReads::ask(const Kernel& kernel, const std::vector<int64_t>& args,
                                            const std::vector<Range>& undefined, uint8_t flipped,
                                            Answer& answer) {
    answer.verdict = Verdict::kDepends;  // unless the kernel returns
    answer.moved_count = 0;
    const pid_t child = fork();
    if (child < 0) return Verdict::kUnknown;
    if (child == 0) {
        silence();
        alarm(kMostSeconds);
        recorder_.size = recorder_.host_size = 0;
        answer.verdict = execute_again(kernel, args, undefined, flipped, answer);
        _exit(0);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return answer.verdict;
}

UndefinedReads::Verdict UndefinedReads::execute_again(const Kernel& kernel,
                                                      std::vector<int64_t> args,
                                                      const std::vector<Range>& undefined,
                                                      uint8_t flipped, Answer& answer) {
    const size_t size = net_.page_size();
    std::vector<uint8_t> first;  // the pages that the task wrote, as it left them
    net_.for_each_page([&](uint64_t page, const uint8_t* before) {
        auto* const now = reinterpret_cast<uint8_t*>(page);
        first.insert(first.end(), now, now + size);
        std::memcpy(now, before, size);
    });
    for (const Range& range : undefined) {
        net_.open(range.begin, range.end - range.begin);
        auto* const bytes = reinterpret_cast<uint8_t*>(range.begin);
        for (uint64_t i = 0; i < range.end - range.begin; ++i) bytes[i] ^= flipped;
    }
    std::vector<uint8_t> start;  // the same pages, and those of the undefined bytes
    net_.for_each_page([&](uint64_t page, const uint8_t*) {
        const auto* const now = reinterpret_cast<const uint8_t*>(page);
        start.insert(start.end(), now, now + size);
    });
    reset_float_environment();
    try {
        kernel.function(args.data());
    } catch (...) {
        return Verdict::kDepends;
    }
    Verdict verdict = Verdict::kUnused;
    size_t offset = 0;
    net_.for_each_page([&](uint64_t page, const uint8_t* before) {
        const auto* const now = reinterpret_cast<const uint8_t*>(page);
        const uint8_t* const unwritten = offset < start.size() ? start.data() + offset : before;
        for (size_t i = 0; i < size && verdict != Verdict::kDepends; ++i) {
            const bool written = offset < first.size() && history_.is_written_by_task(page + i);
            const uint8_t expected = written ? first[offset + i] : unwritten[i];
            if (now[i] == expected) continue;
            const bool is_moved = written && expected == poison_ && now[i] == (poison_ ^ flipped);
            if (!is_moved) {
                verdict = Verdict::kDepends;
            } else if (!answer.add_moved(page + i)) {
                verdict = Verdict::kUnknown;
            } else if (verdict == Verdict::kUnused) {
                verdict = Verdict::kMoved;
            }
        }
        offset += size;
    });
    return verdict;
}

}  // namespace a2a3sim
