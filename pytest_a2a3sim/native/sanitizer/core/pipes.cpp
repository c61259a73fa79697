#include "sanitizer/core/pipes.h"

#include <algorithm>

namespace a2a3sim {

void Pipes::reset() {
    known_ = {};
    issued_ = {};
    flags_.clear();
}

uint64_t Pipes::key_of(const Flag& flag) {
    return static_cast<uint64_t>(static_cast<uint32_t>(flag.event)) << 16U |
           static_cast<uint64_t>(flag.source & 0xFF) << 8U |
           static_cast<uint64_t>(flag.destination & 0xFF);
}

void Pipes::join(int32_t pipe, const Clock& clock) {
    Clock& known = known_[static_cast<size_t>(pipe)];
    for (size_t i = 0; i < kPipes; ++i) known[i] = std::max(known[i], clock[i]);
}

void Pipes::reach(int32_t pipe) { join(pipe, known_[A2A3_PIPE_S]); }

Pipes::Issued Pipes::issue(int32_t pipe) {
    reach(pipe);
    const auto index = static_cast<size_t>(pipe);
    return {pipe, ++issued_[index], known_[index]};
}

Pipes::Pairing Pipes::set_flag(Flag flag, int32_t step) {
    if (!is_pipe(flag.source)) return Pairing::kRight;
    reach(flag.source);
    const auto source = static_cast<size_t>(flag.source);
    Clock clock = known_[source];
    clock[source] = issued_[source];
    const auto [place, is_new] = flags_.insert_or_assign(key_of(flag), Set{clock, step});
    return is_new ? Pairing::kRight : Pairing::kSetTwice;
}

Pipes::Pairing Pipes::wait_flag(Flag flag) {
    if (!is_pipe(flag.source) || !is_pipe(flag.destination)) return Pairing::kRight;
    reach(flag.destination);
    const auto set = flags_.find(key_of(flag));
    if (set == flags_.end()) {
        // What it was meant to wait for is no further finding.
        Clock clock = known_[static_cast<size_t>(flag.source)];
        clock[static_cast<size_t>(flag.source)] = issued_[static_cast<size_t>(flag.source)];
        join(flag.destination, clock);
        return Pairing::kNeverSet;
    }
    join(flag.destination, set->second.clock);
    flags_.erase(set);
    return Pairing::kRight;
}

void Pipes::barrier(int32_t pipe) {
    if (pipe == A2A3_PIPE_ALL) {
        for (Clock& known : known_) known = issued_;
    } else if (is_pipe(pipe)) {
        reach(pipe);
        const auto index = static_cast<size_t>(pipe);
        known_[index][index] = issued_[index];
    }
}

bool Pipes::follows(int32_t pipe, const Issued& other, bool is_antidependent) const {
    const bool is_same = pipe == other.pipe;
    if (is_same && (pipe != A2A3_PIPE_V || !vector_overlaps_ || is_antidependent)) return true;
    // Scalar code goes on when it has what it reads.
    if (other.pipe == A2A3_PIPE_S && is_antidependent) return true;
    return known_[static_cast<size_t>(pipe)][static_cast<size_t>(other.pipe)] >= other.position;
}

void Pipes::assume_follows(int32_t pipe, const Issued& other) {
    Clock clock = other.known;
    clock[static_cast<size_t>(other.pipe)] = other.position;
    join(pipe, clock);
}

}  // namespace a2a3sim
