// Memory that a simulating process shares with its parent, which reads it after the process has
// ended, however it ended.
#pragma once

#include <atomic>
#include <cstddef>
#include <new>
#include <type_traits>

namespace a2a3sim {

/// A zeroed range of addresses that forked processes share; untouched pages cost nothing. It has no
/// descriptor, so that a process that closes all of its own keeps it.
class SharedMemory {
  public:
    /// `size` bytes or, where there is no room for them, as many as there is room for, at least
    /// `smallest`. Throws std::system_error if there is no room for those.
    SharedMemory(size_t size, size_t smallest);
    ~SharedMemory();
    SharedMemory(const SharedMemory&) = delete;
    SharedMemory& operator=(const SharedMemory&) = delete;

    void* data() const noexcept { return data_; }
    size_t size() const noexcept { return size_; }

    /// Makes the first `size` bytes present, so that no page fault interrupts whoever writes them.
    void populate(size_t size) const;

    /// Keeps the memory out of reach of processes that the calling one forks from now on.
    void hide_from_children() const;

  private:
    size_t size_;
    void* data_;
};

/// One T; its members start as zeros.
template <typename T>
class SharedValue {
  public:
    SharedValue() : memory_(sizeof(T), sizeof(T)), value_(new (memory_.data()) T) {}

    T& operator*() const { return *value_; }
    T* operator->() const { return value_; }
    void hide_from_children() const { memory_.hide_from_children(); }

  private:
    SharedMemory memory_;
    T* value_;
};

/// An array that grows at its end, in place. One process at a time changes it.
template <typename T>
class SharedTable {
    static_assert(std::is_trivially_copyable_v<T>);

  public:
    /// Room for `capacity` elements, for fewer where address space is scarce.
    explicit SharedTable(size_t capacity)
        : memory_(kHeader + capacity * sizeof(T), kHeader + kSmallest * sizeof(T)) {}

    size_t size() const noexcept { return count().load(std::memory_order_acquire); }
    bool empty() const noexcept { return size() == 0; }
    T* data() const noexcept {
        return reinterpret_cast<T*>(static_cast<char*>(memory_.data()) + kHeader);
    }
    T* begin() const noexcept { return data(); }
    T* end() const noexcept { return data() + size(); }
    T& operator[](size_t index) const noexcept { return data()[index]; }

    /// Throws std::bad_alloc when the table is full.
    void push_back(const T& element) {
        resize(size() + 1);
        data()[size() - 1] = element;
    }

    /// New elements are zeros. Throws std::bad_alloc when there is no room for them.
    void resize(size_t size) {
        if (size > (memory_.size() - kHeader) / sizeof(T)) throw std::bad_alloc();
        count().store(size, std::memory_order_release);
    }

    void hide_from_children() const { memory_.hide_from_children(); }

  private:
    static constexpr size_t kHeader = 64;
    static constexpr size_t kSmallest = 1024;

    std::atomic<size_t>& count() const noexcept {
        return *static_cast<std::atomic<size_t>*>(memory_.data());
    }

    SharedMemory memory_;
};

}  // namespace a2a3sim
