// A work-stealing deque of task ids: its owner pushes and pops at one end, others steal at the
// other. After Chase and Lev, "Dynamic Circular Work-Stealing Deque", SPAA 2005, with the memory
// orders of the C11 version in Lê, Pop, Cohen and Zappa Nardelli, "Correct and Efficient
// Work-Stealing for Weak Memory Models", PPoPP 2013. It departs from that paper where the paper has
// fences: ThreadSanitizer does not model them, so that the accesses on both sides of a fence are
// sequentially consistent instead. Comments name the order of the paper where this one differs.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "shared/control.h"

namespace a2a3sim {

class WorkQueue {
  public:
    WorkQueue() {
        rings_.push_back(std::make_unique<Ring>(kInitialCapacity));
        ring_.store(rings_.back().get(), std::memory_order_relaxed);
    }

    /// Owner only.
    void push(int32_t task) {
        const int64_t bottom = bottom_.load(std::memory_order_relaxed);  // only the owner writes it
        // Acquires from the thief that raised it: that thief has read the slot that is used again.
        const int64_t top = top_.load(std::memory_order_acquire);
        Ring* ring = ring_.load(std::memory_order_relaxed);  // only the owner writes it
        if (bottom - top >= ring->capacity) ring = grow(ring, top, bottom);
        // A thief may read the slot meanwhile, but then its exchange of top fails.
        ring->at(bottom).store(task, std::memory_order_relaxed);
        // The paper: a release fence and a relaxed store. This store releases the slot too; being
        // sequentially consistent, it also comes before the look for sleepers that follows a push,
        // while a thread that goes to sleep counts itself before it looks here: one sees the other.
        bottom_.store(bottom + 1, std::memory_order_seq_cst);
    }

    /// Owner only: the task pushed last, or -1.
    int32_t pop() {
        const int64_t bottom = bottom_.load(std::memory_order_relaxed) - 1;
        // Not in the paper: top never falls, so that an old value that is too high is proof enough
        // of an empty queue, and saves the costly store below.
        if (top_.load(std::memory_order_relaxed) > bottom) return -1;
        Ring* ring = ring_.load(std::memory_order_relaxed);
        // The paper: both relaxed, a sequentially consistent fence between them. steal() loads in
        // the opposite order, so that of two threads that want the last task one sees the other.
        bottom_.store(bottom, std::memory_order_seq_cst);
        int64_t top = top_.load(std::memory_order_seq_cst);
        if (top > bottom) {
            // A thief that sees the old value at most finds the queue empty.
            bottom_.store(bottom + 1, std::memory_order_relaxed);
            return -1;
        }
        int32_t task = ring->at(bottom).load(std::memory_order_relaxed);  // the owner's own store
        if (top == bottom) {
            // The last task: whoever raises top has it. On failure nothing is read behind it.
            if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst,
                                              std::memory_order_relaxed)) {
                task = -1;
            }
            bottom_.store(bottom + 1, std::memory_order_relaxed);
        }
        return task;
    }

    /// Any thread: the task pushed first, or -1 if there is none or another thread got it.
    int32_t steal() {
        // The paper: both acquire, a sequentially consistent fence between them. The second one
        // acquires the slot from push(); for their order see pop().
        int64_t top = top_.load(std::memory_order_seq_cst);
        const int64_t bottom = bottom_.load(std::memory_order_seq_cst);
        if (top >= bottom) return -1;
        // The paper: consume, which compilers treat as acquire. Acquires the slots from grow().
        Ring* ring = ring_.load(std::memory_order_acquire);
        // Read before the exchange: after it, the owner may use the slot again.
        const int32_t task = ring->at(top).load(std::memory_order_relaxed);
        // Releases to push() that the slot has been read.
        const bool won = top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst,
                                                      std::memory_order_relaxed);
        return won ? task : -1;
    }

    /// Of a thread that has counted itself as a sleeper: see push().
    bool looks_empty() const {
        return top_.load(std::memory_order_seq_cst) >= bottom_.load(std::memory_order_seq_cst);
    }

  private:
    static constexpr int64_t kInitialCapacity = 1024;

    struct Ring {
        explicit Ring(int64_t size)
            : capacity(size), slots(new std::atomic<int32_t>[static_cast<size_t>(size)]) {}
        std::atomic<int32_t>& at(int64_t index) const {
            return slots[static_cast<size_t>(index & (capacity - 1))];
        }

        int64_t capacity;
        std::unique_ptr<std::atomic<int32_t>[]> slots;
    };

    Ring* grow(const Ring* old, int64_t top, int64_t bottom) {
        auto wider = std::make_unique<Ring>(old->capacity * 2);
        for (int64_t i = top; i < bottom; ++i) {
            wider->at(i).store(old->at(i).load(std::memory_order_relaxed),
                               std::memory_order_relaxed);
        }
        rings_.push_back(std::move(wider));
        ring_.store(rings_.back().get(), std::memory_order_release);
        return rings_.back().get();
    }

    alignas(kCacheLine) std::atomic<int64_t> top_{0};
    alignas(kCacheLine) std::atomic<int64_t> bottom_{0};
    std::atomic<Ring*> ring_{nullptr};
    std::vector<std::unique_ptr<Ring>> rings_;  // outgrown ones too: a thief may still read them
};

}  // namespace a2a3sim
