#include "runtime/rings.h"

#include <algorithm>

#include "base/failure.h"

namespace a2a3sim {

namespace {

constexpr size_t kMostScopes = 64;

unsigned long long shown(uint64_t value) { return value; }

}  // namespace

void Rings::open_scope() {
    if (scopes_.size() == kMostScopes) {
        throw Refusal(format("a scope is opened within %zu others; the runtime has room for %zu",
                             scopes_.size(), kMostScopes));
    }
    scopes_.emplace_back();
}

size_t Rings::ring() const { return std::min<size_t>(scopes_.size(), A2A3_RINGS) - 1; }

Rings::Position Rings::oldest(size_t ring) const {
    // Scopes as deep as the last ring, or deeper, share it; the outer ones are older.
    for (size_t depth = ring; depth < scopes_.size(); ++depth) {
        if (depth > ring && ring + 1 < A2A3_RINGS) break;
        if (scopes_[depth].has_task) return scopes_[depth].first;
    }
    return ends_[ring];
}

void Rings::add_task(const Demand& demand) {
    const size_t index = ring();
    Position& end = ends_[index];
    Scope& scope = scopes_.back();
    if (!scope.has_task) {
        scope.has_task = true;
        scope.first = end;
    }
    ++scope.tasks;
    ++end.tasks;
    end.bytes += demand.bytes;
    end.dependencies += demand.dependencies;
    const Position first = oldest(index);
    const Position held{end.tasks - first.tasks, end.bytes - first.bytes,
                        end.dependencies - first.dependencies};
    a2a3_ring& use = uses_[index];
    use.tasks = std::max(use.tasks, held.tasks);
    use.bytes = std::max(use.bytes, held.bytes);
    use.dependencies = std::max(use.dependencies, held.dependencies);
    if (held.tasks >= sizes_.tasks) {
        throw Refusal(format(
            "the scopes that are open hold %llu tasks in ring %zu, whose window has %llu slots, "
            "one of which stays free: the device waits for ever for a slot (error 1, scope "
            "deadlock); "
            "end the scope earlier, or set PTO2_RING_TASK_WINDOW to a power of two above %llu",
            shown(held.tasks), index, shown(sizes_.tasks), shown(held.tasks)));
    }
    if (held.bytes > sizes_.bytes) {
        throw Refusal(format(
            "the scopes that are open hold %llu bytes of outputs in ring %zu, whose heap has %llu: "
            "the device waits for ever for memory (error 2, heap ring deadlock); end the scope "
            "earlier, or set PTO2_RING_HEAP to a power of two of at least %llu",
            shown(held.bytes), index, shown(sizes_.bytes), shown(held.bytes)));
    }
    if (held.dependencies + 1 > sizes_.dependencies) {
        throw Refusal(format(
            "the scopes that are open hold %llu dependencies in ring %zu, whose pool has %llu "
            "entries, one of which stays free (error 4, dependency pool overflow); end the scope "
            "earlier, or set PTO2_RING_DEP_POOL above %llu",
            shown(held.dependencies), index, shown(sizes_.dependencies), shown(held.dependencies)));
    }
}

}  // namespace a2a3sim
