// Which bytes of buffers each task changes, found by comparing them after it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "executor/task_observer.h"
#include "orders/shared_buffers.h"

namespace a2a3sim {

struct Span {
    uintptr_t begin;
    uintptr_t end;
};

/// Watches an execution on one thread. A task is taken to write behind the addresses that it has
/// got, or a little in front of them; and in a buffer that holds what it held before kernels ran,
/// or where the buffers are large, no further than to the next address that a task has got.
class ChangeWatch : public TaskObserver {
  public:
    /// The buffers hold what the first task will find. `task_count` is the graph's.
    ChangeWatch(const std::vector<SharedBuffer>& buffers, size_t task_count,
                const DeviceMemory& memory);

    /// False: there would be too much to compare, or the changes were too many to be kept.
    bool is_complete() const { return is_complete_; }

    /// To be called when all tasks have run: whether the changes are all that has happened to the
    /// buffers, as far as one can see.
    bool has_seen_all() const;

    /// What a task has changed in a buffer, by its place among the buffers: ascending.
    struct Change {
        size_t buffer;
        Span span;
    };
    const std::vector<Change>& changes(int32_t task) const {
        return changes_[static_cast<size_t>(task)];
    }

    void before_task(int32_t, const Kernel&) override {}
    void after_task(int32_t id, const Kernel& kernel, int64_t* args) override;
    void write(void*, const void*, size_t) override { is_complete_ = false; }
    void pause_task(int32_t) noexcept override {}
    void resume_task(int32_t) noexcept override {}
    void note_exchange(int32_t) noexcept override {}

  private:
    static constexpr size_t kNoCell = SIZE_MAX;

    struct Watched {
        size_t buffer;
        Span span;
        size_t cell;  // of a buffer that is not copied
    };
    struct Copy {
        uintptr_t begin;
        size_t size;
        bool is_seen_in_part;  // what tasks have changed may be more than was compared
        char* bytes;           // none: nobody is expected to change it
    };
    /// What lies between two addresses that tasks have got, of a buffer that is not copied.
    struct Cell {
        Span span;
        uint64_t digest;
    };

    void watch(size_t place, const SharedBuffer& buffer, bool in_full);
    void watch_cells(size_t place, const SharedBuffer& buffer);
    void compare(std::vector<Change>& changes, const Watched& watched);
    void note(std::vector<Change>& changes, size_t buffer, Span span);

    std::unique_ptr<char[]> bytes_;              // of all copies
    std::vector<Copy> copies_;                   // by buffer: its content after the last task
    std::vector<Cell> cells_;                    // likewise
    std::vector<std::vector<Watched>> watched_;  // by task
    std::vector<std::vector<Change>> changes_;   // by task
    size_t change_count_ = 0;
    bool is_complete_ = true;
    bool has_seen_part_ = false;  // of what a task has changed
};

}  // namespace a2a3sim
