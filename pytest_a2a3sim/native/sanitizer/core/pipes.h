// What of a core's instructions is known to have ended before what: vector clocks of its pipes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

class Pipes {
  public:
    static constexpr size_t kPipes = 8;  // a2a3_pipe; ALL is none

    /// The flag from one pipe to another one, with the number of its event.
    struct Flag {
        int32_t source;
        int32_t destination;
        int32_t event;
    };
    using Clock = std::array<uint32_t, kPipes>;  // the last instruction of each pipe that has ended
    enum class Pairing { kRight, kSetTwice, kNeverSet };

    /// `vector_overlaps`: a vector instruction may begin before the one before it has ended.
    explicit Pipes(bool vector_overlaps) : vector_overlaps_(vector_overlaps) {}

    /// A core at rest, with no flag set.
    void reset();

    /// An instruction's position in its pipe, from 1, and what has ended when it begins.
    struct Issued {
        int32_t pipe;
        uint32_t position;
        Clock known;
    };
    /// Gives an instruction to a pipe.
    Issued issue(int32_t pipe);

    /// `step` names the call in further answers.
    Pairing set_flag(Flag flag, int32_t step);
    Pairing wait_flag(Flag flag);
    void barrier(int32_t pipe);

    /// Whether what was issued to `pipe` last begins after an instruction has ended.
    /// `is_antidependent`: it only must not write before that one has read.
    bool follows(int32_t pipe, const Issued& other, bool is_antidependent) const;

    /// From now on it does, as if there were a flag or a barrier.
    void assume_follows(int32_t pipe, const Issued& other);

    /// Calls `visit` with the step that has set each flag that nobody waited for.
    template <typename Visit>
    void for_each_set(Visit visit) const {
        for (const auto& [key, set] : flags_) visit(set.step);
    }

  private:
    struct Set {
        Clock clock;
        int32_t step;
    };

    static uint64_t key_of(const Flag& flag);
    static bool is_pipe(int32_t pipe) { return pipe >= 0 && pipe < static_cast<int32_t>(kPipes); }
    void join(int32_t pipe, const Clock& clock);
    /// What the scalar unit knows is known to what it issues.
    void reach(int32_t pipe);

    const bool vector_overlaps_;
    std::array<Clock, kPipes> known_{};
    Clock issued_{};
    std::unordered_map<uint64_t, Set> flags_;
};

}  // namespace a2a3sim
