// An array that grows in place: elements never move and no byte is copied or touched before it is
// used.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "base/kept_memory.h"

namespace a2a3sim {

/// What an array begins in; none: memory of its own.
struct Kept {
    const KeptMemory* memory = nullptr;
    KeptMemory::Part part = KeptMemory::Part::kCount;
};

/// A range of addresses that becomes usable from its beginning. Its first part is in small pages,
/// so that a small graph costs little; the rest is in huge pages where the system grants them,
/// because page faults are most of what building a large graph costs. Or its first part is memory
/// that has been kept for that, and holds anything.
class GrowingMemory {
  public:
    /// Throws std::bad_alloc without address space.
    explicit GrowingMemory(size_t limit, const Kept& kept = {});
    ~GrowingMemory();
    GrowingMemory(GrowingMemory&& other) noexcept;
    GrowingMemory& operator=(GrowingMemory&&) = delete;

    char* data() const { return begin_; }
    size_t usable() const { return usable_; }

    /// Makes at least `size` bytes usable; throws std::bad_alloc when there is no memory.
    void grow(size_t size);

    /// Gives the memory back, and what it held with it.
    void clear() const;

    /// What is usable can be read from now on, and not be written. Throws std::bad_alloc.
    void make_read_only() const;

  private:
    Kept kept_;
    size_t small_ = 0;  // bytes in small pages; what is behind them is whole huge pages
    size_t limit_ = 0;
    char* mapping_ = nullptr;
    size_t mapping_size_ = 0;
    char* begin_ = nullptr;
    size_t usable_ = 0;
};

template <typename T>
class GrowingArray {
    static_assert(std::is_trivially_copyable_v<T>);

  public:
    /// `max_size` bounds the addresses that are reserved, not the memory that is used.
    explicit GrowingArray(size_t max_size, const Kept& kept = {})
        : memory_(max_size * sizeof(T), kept) {}
    GrowingArray(GrowingArray&& other) noexcept
        : memory_(std::move(other.memory_)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    GrowingArray& operator=(GrowingArray&&) = delete;

    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    T* data() { return reinterpret_cast<T*>(memory_.data()); }
    const T* data() const { return reinterpret_cast<const T*>(memory_.data()); }
    T* begin() { return data(); }
    T* end() { return data() + size_; }
    const T* begin() const { return data(); }
    const T* end() const { return data() + size_; }
    T& operator[](size_t index) { return data()[index]; }
    const T& operator[](size_t index) const { return data()[index]; }

    /// `count` elements at the end, which hold anything; the first of them.
    T* extend(size_t count) {
        const size_t size = size_ + count;
        if (size > capacity_) {
            memory_.grow(size * sizeof(T));
            capacity_ = memory_.usable() / sizeof(T);
        }
        T* const added = data() + size_;
        size_ = size;
        return added;
    }

    /// Leaves none, and takes no memory.
    void clear() {
        memory_.clear();
        size_ = 0;
    }

    void push_back(const T& value) { *extend(1) = value; }

    void make_read_only() const { memory_.make_read_only(); }

  private:
    GrowingMemory memory_;
    size_t size_ = 0;
    size_t capacity_ = 0;
};

}  // namespace a2a3sim
