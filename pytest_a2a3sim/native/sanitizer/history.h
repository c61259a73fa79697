// Who accessed each byte of device memory, in the order of a serial run.
//
// The state of a byte names the last Access of its history, which names the one before it, and so
// on. Bytes with one and the same history share its accesses: a task that reads a tile of 64 KiB
// which another one wrote adds one Access, not 65,536.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "a2a3sim/recorder.h"

namespace a2a3sim {

/// How one task accessed all bytes of one buffer that had the same history before it.
struct Access {
    int32_t task;
    int32_t buffer;            // or History::kOutside
    uint32_t before;           // the last access by another task; 0: there was none
    uint32_t previous_writer;  // the last of those before it that is not a mere read; 0: none
    uint8_t modes;             // bits of a2a3_access_mode
    bool is_copied_to;         // by the orchestration, before the graph
    bool is_undefined;         // the task has written nothing but bytes that nobody had written
    bool has_lost;             // some of its bytes to another access of the same task
    bool follows_all;          // every access before it is of a task that leads to this one,
    bool follows_writers;      // or at least every one that is not a mere read
    uint64_t begin;            // the first byte,
    uint64_t end;              // the byte behind the last one,
    uint64_t bytes;            // and how many there are between them
    const void* read_by;       // code of the first read, null if it is not known
    const void* written_by;

    bool reads() const { return (modes & (A2A3_MODE_READ | A2A3_MODE_ATOMIC_LOAD)) != 0; }
    bool writes() const { return (modes & ~(A2A3_MODE_READ | A2A3_MODE_ATOMIC_LOAD)) != 0; }
};

/// The states of a range of device memory, and all accesses.
class History {
  public:
    static constexpr int32_t kOutside = -1;

    /// Throws std::bad_alloc without address space for the states.
    History(uint64_t begin, uint64_t size);
    ~History();
    History(const History&) = delete;
    History& operator=(const History&) = delete;

    /// Most of these bytes will be accessed: their states lie in huge pages where those are to be
    /// had, for a page fault costs as much as a hundred accesses.
    void expect(uint64_t begin, uint64_t size);

    /// The accesses from now on are those of `task`.
    void start_task(int32_t task);

    /// An access of bytes of one buffer, all of which were copied to before the graph or none.
    void add(uint64_t address, uint64_t size, int32_t mode, const void* code, int32_t buffer,
             bool is_copied_to);

    /// Lets a kernel by itself do what add() has just done to the granule at `address`, to those in
    /// [begin, end) that have the state that it had before; none if that was another size.
    void set_shortcut(a2a3_shortcut& shortcut, uint64_t address, uint64_t begin, uint64_t end);
    /// Counts what kernels did by themselves.
    void settle(a2a3_shortcut& shortcut);

    /// The running task's accesses; those of no bytes were replaced by others.
    uint32_t first_of_task() const { return first_of_task_; }
    uint32_t end() const { return static_cast<uint32_t>(accesses_.size()); }

    Access& operator[](uint32_t index) { return accesses_[index]; }
    const Access& operator[](uint32_t index) const { return accesses_[index]; }

    /// The last access of a byte's history; 0: there is none.
    uint32_t last_of(uint64_t address) const { return index_of(state_at(address - begin_)); }
    bool is_written_by_task(uint64_t address) const {
        const a2a3_byte_state state = state_at(address - begin_);
        return is_own(state) && (state & A2A3_STATE_WRITTEN) != 0;
    }

    /// The first byte from `address` on, before `end`, that the task has not written; or `end`.
    uint64_t skip_written(uint64_t address, uint64_t end) const;

    a2a3_byte_state* granules() const { return granules_; }
    a2a3_byte_state* bytes() const { return bytes_; }
    int32_t first_own_state() const { return static_cast<int32_t>(first_own_state_); }
    bool covers(uint64_t address) const { return address - begin_ < size_; }
    uint64_t begin() const { return begin_; }
    uint64_t size() const { return size_; }

    /// The bytes of the last access `index`, as ranges.
    template <typename Visit>
    void for_each_range(uint32_t index, Visit visit) const {
        const Access& access = accesses_[index];
        uint64_t from = 0;
        for (uint64_t at = access.begin; at < access.end; ++at) {
            const bool is_in = last_of(at) == index;
            if (is_in && from == 0) from = at;
            if (!is_in && from != 0) {
                visit(from, at);
                from = 0;
            }
        }
        if (from != 0) visit(from, access.end);
    }

    /// Makes begin and end exact where the access has lost bytes.
    void settle(uint32_t index);

    /// Gives bytes that the running task has written to the access that says they are undefined.
    void mark_undefined(uint64_t begin, uint64_t end);

  private:
    struct Slot {
        uint64_t key;
        int32_t task;
        a2a3_byte_state state;
    };

    /// A change of states that is likely to come again.
    static constexpr size_t kSteps = 8;
    struct Step {
        a2a3_byte_state from;
        a2a3_byte_state to;
        int32_t mode;
        int32_t buffer;
        bool is_copied_to;
    };

    a2a3_byte_state step(a2a3_byte_state from, int32_t mode, int32_t buffer, bool is_copied_to);
    /// The state of bytes at an offset that had another one.
    void change(uint64_t offset, uint64_t size, a2a3_byte_state from, a2a3_byte_state to,
                int32_t mode, const void* code);
    /// Gives a granule's bytes states of their own, or its state to all of them if it is one.
    void split(uint64_t granule);
    void join(uint64_t granule);
    void add_in_granule(uint64_t offset, uint64_t size, int32_t mode, const void* code,
                        int32_t buffer, bool is_copied_to);

    a2a3_byte_state state_at(uint64_t offset) const {
        const a2a3_byte_state state = granules_[offset >> A2A3_GRANULE_SHIFT];
        return state == A2A3_MIXED ? bytes_[offset] : state;
    }
    static uint32_t index_of(a2a3_byte_state state) { return state >> A2A3_STATE_SHIFT; }
    bool is_own(a2a3_byte_state state) const { return state >= first_own_state_; }
    a2a3_byte_state state_after(a2a3_byte_state from, int32_t mode, int32_t buffer,
                                bool is_copied_to);
    a2a3_byte_state find_or_make(const Access& wanted);
    Slot& slot_of(uint64_t key);
    void grow();

    uint64_t begin_;
    uint64_t size_;
    a2a3_byte_state* granules_;
    a2a3_byte_state* bytes_;
    Step steps_[kSteps] = {};  // by the low bits of the state they lead from
    std::vector<Access> accesses_;
    int32_t task_ = -1;
    uint32_t first_of_task_ = 1;
    a2a3_byte_state first_own_state_ = 1U << A2A3_STATE_SHIFT;
    std::vector<Slot> slots_;  // the running task's accesses by what tells them apart
    size_t used_slots_ = 0;
    a2a3_byte_state last_from_ = 0;  // of a whole granule that add() changed, or A2A3_MIXED
};

}  // namespace a2a3sim
