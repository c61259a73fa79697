// Memory that a simulating process shares with its parent, which reads it after the process has
// ended, however it ended. Kernels run in that process: they may have written anything in here.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <new>
#include <type_traits>
#include <vector>

#include "shared/shared_file.h"

namespace a2a3sim {

/// A zeroed range of addresses that forked processes share; untouched pages cost nothing. It needs
/// no descriptor once it is mapped, so that a process that closes all of its own keeps it.
/// Unreachable memory lies on both sides: an overrun of other memory faults before it gets here.
class SharedMemory {
  public:
    /// `size` bytes or, where there is no room for them, as many as there is room for, at least
    /// `smallest`; the next part of `file` if there is one. Of a file that another process has
    /// made, what that process has there. Throws std::system_error if there is no room.
    SharedMemory(size_t size, size_t smallest, SharedFile* file = nullptr);
    ~SharedMemory();
    SharedMemory(const SharedMemory&) = delete;
    SharedMemory& operator=(const SharedMemory&) = delete;

    void* data() const noexcept { return data_; }
    size_t size() const noexcept { return size_; }

    /// Makes the first bytes present, and what comes in huge pages of the first `coming` ones.
    void populate(size_t size, size_t coming) const;

    /// Whether the calling process can write to it. Safe in a signal handler.
    void set_writable(bool writable) const noexcept;

    /// Keeps the memory out of reach of processes that the calling one forks from now on.
    void hide_from_children() const;

  private:
    bool map(SharedFile* file);

    mutable pid_t hidden_by_ = 0;  // a process whose children have other memory there
    size_t size_;
    void* reserved_ = nullptr;
    void* data_ = nullptr;  // at the boundary of a huge page if it could hold one
};

/// One T; its members start as zeros.
template <typename T>
class SharedValue {
  public:
    explicit SharedValue(SharedFile* file = nullptr)
        : memory_(sizeof(T), sizeof(T), file),
          value_(file != nullptr && file->is_opened() ? static_cast<T*>(memory_.data())
                                                      : new (memory_.data()) T) {}

    T& operator*() const { return *value_; }
    T* operator->() const { return value_; }
    void set_writable(bool writable) const noexcept { memory_.set_writable(writable); }
    void hide_from_children() const { memory_.hide_from_children(); }

  private:
    SharedMemory memory_;
    T* value_;
};

/// An array that grows at its end, in place. One process changes it; how many elements it has is
/// that process's own, and published for the other one.
template <typename T>
class SharedTable {
    static_assert(std::is_trivially_copyable_v<T>);

  public:
    /// Room for `capacity` elements, for fewer where address space is scarce.
    explicit SharedTable(size_t capacity, SharedFile* file = nullptr)
        : memory_(kHeader + std::max(capacity, kSmallest) * sizeof(T),
                  kHeader + kSmallest * sizeof(T), file) {}

    size_t size() const noexcept { return size_; }
    bool empty() const noexcept { return size() == 0; }
    size_t capacity() const noexcept { return (memory_.size() - kHeader) / sizeof(T); }
    T* data() const noexcept {
        return reinterpret_cast<T*>(static_cast<char*>(memory_.data()) + kHeader);
    }
    T* begin() const noexcept { return data(); }
    T* end() const noexcept { return data() + size(); }
    T& operator[](size_t index) const noexcept { return data()[index]; }

    /// Throws std::bad_alloc when the table is full.
    void push_back(const T& element) {
        if (size_ >= capacity()) throw std::bad_alloc();
        data()[size_] = element;
        publish(size_ + 1);
    }

    void clear() { publish(0); }

    /// Whether the process that changes the table can.
    void set_writable(bool writable) const noexcept { memory_.set_writable(writable); }
    void hide_from_children() const { memory_.hide_from_children(); }

    /// How many elements another process says that it has left: more than `capacity()` if that
    /// cannot be.
    size_t left_size() const noexcept { return count().load(std::memory_order_acquire); }

    /// A copy of what another process has left; the caller has checked the number.
    std::vector<T> left() const { return std::vector<T>(data(), data() + left_size()); }

  private:
    static constexpr size_t kHeader = 64;
    static constexpr size_t kSmallest = 1024;

    std::atomic<size_t>& count() const noexcept {
        return *static_cast<std::atomic<size_t>*>(memory_.data());
    }

    void publish(size_t size) {
        size_ = size;
        count().store(size, std::memory_order_release);
    }

    SharedMemory memory_;
    size_t size_ = 0;
};

}  // namespace a2a3sim
