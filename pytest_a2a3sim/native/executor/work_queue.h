// A work-stealing deque of task ids: its owner pushes and pops at one end, others steal at the
// other. After Chase and Lev, "Dynamic Circular Work-Stealing Deque", SPAA 2005, with the memory
// orders of Lê, Pop, Cohen and Zappa Nardelli, PPoPP 2013; sequentially consistent accesses stand
// where that paper has fences, which ThreadSanitizer does not model.
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
        const int64_t bottom = bottom_.load(std::memory_order_relaxed);
        const int64_t top = top_.load(std::memory_order_acquire);
        Ring* ring = ring_.load(std::memory_order_relaxed);
        if (bottom - top >= ring->capacity) ring = grow(ring, top, bottom);
        ring->at(bottom).store(task, std::memory_order_relaxed);
        bottom_.store(bottom + 1, std::memory_order_seq_cst);
    }

    /// Owner only: the task pushed last, or -1.
    int32_t pop() {
        const int64_t bottom = bottom_.load(std::memory_order_relaxed) - 1;
        if (top_.load(std::memory_order_relaxed) > bottom) return -1;  // top never falls
        Ring* ring = ring_.load(std::memory_order_relaxed);
        bottom_.store(bottom, std::memory_order_seq_cst);
        int64_t top = top_.load(std::memory_order_seq_cst);
        if (top > bottom) {
            bottom_.store(bottom + 1, std::memory_order_relaxed);
            return -1;
        }
        int32_t task = ring->at(bottom).load(std::memory_order_relaxed);
        if (top == bottom) {
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
        int64_t top = top_.load(std::memory_order_seq_cst);
        const int64_t bottom = bottom_.load(std::memory_order_seq_cst);
        if (top >= bottom) return -1;
        Ring* ring = ring_.load(std::memory_order_acquire);
        const int32_t task = ring->at(top).load(std::memory_order_relaxed);
        const bool won = top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst,
                                                      std::memory_order_relaxed);
        return won ? task : -1;
    }

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
