// What wants to know when tasks begin and end.
#pragma once

#include <cstddef>
#include <cstdint>

#include "graph/graph.h"

namespace a2a3sim {

/// Called on the thread that executes the task, right before and after its kernel. What it throws
/// there fails the case. One task runs at a time: one that waits for others of its gang pauses.
class TaskObserver {
  public:
    virtual ~TaskObserver() = default;
    virtual void before_task(int32_t id, const Kernel& kernel) = 0;
    /// `args` are what the kernel got, and may have changed.
    virtual void after_task(int32_t id, const Kernel& kernel, int64_t* args) = 0;
    /// Between tasks, on any thread: changes device memory for the orchestration.
    virtual void write(void* to, const void* from, size_t size) = 0;
    /// Before others run, and when they have.
    virtual void pause_task(int32_t id) noexcept = 0;
    virtual void resume_task(int32_t id) noexcept = 0;
    /// The task tells others of its gang something, or asks what they have told.
    virtual void note_exchange(int32_t id) noexcept = 0;
};

/// Two observers, each of which may be null. The first one sees a task before the other has
/// prepared for it, and after the other is done with it.
class TaskObservers : public TaskObserver {
  public:
    TaskObservers(TaskObserver* outer, TaskObserver* inner) : outer_(outer), inner_(inner) {}

    /// Both as one, or the only one; null if there is none.
    TaskObserver* get() {
        if (outer_ == nullptr) return inner_;
        return inner_ == nullptr ? outer_ : this;
    }

    void before_task(int32_t id, const Kernel& kernel) override {
        outer_->before_task(id, kernel);
        inner_->before_task(id, kernel);
    }
    void after_task(int32_t id, const Kernel& kernel, int64_t* args) override {
        inner_->after_task(id, kernel, args);
        outer_->after_task(id, kernel, args);
    }
    void write(void* to, const void* from, size_t size) override { inner_->write(to, from, size); }
    void pause_task(int32_t id) noexcept override {
        inner_->pause_task(id);
        outer_->pause_task(id);
    }
    void resume_task(int32_t id) noexcept override {
        outer_->resume_task(id);
        inner_->resume_task(id);
    }
    void note_exchange(int32_t id) noexcept override {
        outer_->note_exchange(id);
        inner_->note_exchange(id);
    }

  private:
    TaskObserver* const outer_;
    TaskObserver* const inner_;
};

}  // namespace a2a3sim
