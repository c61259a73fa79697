// How much of its rings a runtime of tensors needs, and whether an orchestration fits into them.
#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>
#include <vector>

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

/// Why a runtime of tensors does not take what an orchestration asks for.
struct Refusal : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Task slots, output memory and dependency entries are in rings, which give back what is oldest
/// first. A task stays in its ring until it has ended, all that read it have, and its scope has.
/// The device waits for room; if what is oldest belongs to a scope that is still open, for ever.
/// What must be in a ring at a time is known without running anything: that is what this counts.
class Rings {
  public:
    static constexpr uint64_t kMemoryUnit = 1024;  // bytes to which each output is rounded up

    struct Demand {
        uint64_t bytes;         // of output memory
        uint64_t dependencies;  // on other tasks
    };

    explicit Rings(const a2a3_ring& sizes) : sizes_(sizes) {}

    /// Throws Refusal if no scope can be opened.
    void open_scope();
    void close_scope() { scopes_.pop_back(); }
    bool has_scope() const { return !scopes_.empty(); }

    /// Notes a task in the innermost scope; throws Refusal if the device would wait for ever.
    void add_task(const Demand& demand);

    /// The most that each ring had to hold at a time.
    const std::array<a2a3_ring, A2A3_RINGS>& uses() const { return uses_; }

  private:
    struct Position {
        uint64_t tasks = 0;
        uint64_t bytes = 0;
        uint64_t dependencies = 0;
    };

    struct Scope {
        bool has_task = false;
        Position first;  // of its ring, before its first task
        uint64_t tasks = 0;
    };

    size_t ring() const;
    /// Where the oldest task is that cannot leave the ring; the ring's end if there is none.
    Position oldest(size_t ring) const;

    a2a3_ring sizes_;
    std::vector<Scope> scopes_;
    std::array<Position, A2A3_RINGS> ends_;
    std::array<a2a3_ring, A2A3_RINGS> uses_{};
};

}  // namespace a2a3sim
