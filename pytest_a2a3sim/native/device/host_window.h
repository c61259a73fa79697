// Host tensors: what the case only reads, and what the parent reads afterwards; all of it is
// unreachable while the graph runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/descriptor.h"

namespace a2a3sim {

/// Private memory, then memory shared with forked processes, in huge pages where the system grants
/// them and the part begins at the boundary of one. A forked child gets the private part with its
/// page tables: it costs a child nothing to read it, while it faults on the pages of the shared
/// part.
///
/// Or a file that a process which is not forked from this one maps: at the same address, which is
/// one that nothing else is likely to be at.
class HostWindow {
  public:
    enum class Wish { kAnonymous, kFile };

    /// For tensors of these sizes in bytes, each in pages of its own; the first ones are private. A
    /// large window is anonymous in any case: a file is in small pages, of which a process that
    /// maps it has none yet. Huge pages come on so many threads. Throws std::system_error when the
    /// memory cannot be had.
    HostWindow(const std::vector<size_t>& sizes, size_t private_count, Wish wish, int threads);

    struct Place {
        uintptr_t address;
        size_t private_size;
        size_t size;
    };

    /// The file of another process, at the same place. Throws std::system_error.
    HostWindow(const Place& place, Descriptor file);
    ~HostWindow();
    HostWindow(const HostWindow&) = delete;
    HostWindow& operator=(const HostWindow&) = delete;

    char* data() const noexcept { return data_; }
    size_t size() const { return size_; }

    /// Where a tensor begins.
    char* tensor(size_t index) const noexcept { return tensors_[index].data; }
    /// Gives a tensor, which is zero, its bytes on so many threads; or the pages of the array that
    /// has them (ArrayFile). Returns whether all of them are zero.
    bool fill(size_t index, const char* from, int threads);

    /// Moves another mapping of what an input's `size` bytes from `data` on are to `pages`, if it
    /// has one and this process has not written to the input: each then has what it writes for
    /// itself.
    bool move_input(const char* data, size_t size, char* pages) const;
    /// Moves an output's memory to `pages`, from where whoever has forked this process gets what is
    /// written there; if all of it is zero, and this process has not used it.
    bool move_output(const char* data, size_t size, char* pages) const;
    Place place() const noexcept;

    bool has_file() const noexcept { return file_.is_open(); }

    /// What this process writes to the private part from now on is its own. Returns the file that
    /// another process can map, unless there is none or it was taken before: then only a forked
    /// process has what is there now.
    Descriptor take_file() const;

    bool contains(const void* address) const;
    bool is_private(const void* address) const;
    /// Gives the private part's memory back: it is zero.
    void drop_private() const;
    /// Keeps the window out of reach of processes that the calling one forks from now on.
    void hide_from_children() const;
    void show_to_children() const;

  private:
    /// Addresses with nothing behind them, freed with whatever has been mapped there.
    struct Reservation {
        Reservation(uintptr_t wanted, size_t size);
        ~Reservation();
        Reservation(const Reservation&) = delete;
        Reservation& operator=(const Reservation&) = delete;

        char* begin;
        size_t size;
    };

    struct Tensor {
        char* data;
        size_t size;
        char* pages;  // whole ones, which it has alone
        size_t mapped_size;
        bool is_large;
        bool is_zero = false;
        char* other = nullptr;  // mapping of what the pages were filled with
    };

    HostWindow(std::vector<Tensor> tensors, size_t private_count, Wish wish, int threads);

    /// As addresses from 0 on.
    static std::vector<Tensor> lay_out(const std::vector<size_t>& sizes, size_t private_count);
    static size_t end_of(const std::vector<Tensor>& tensors, size_t count);

    bool is_from_array(Tensor& tensor, const char* from) const;
    Tensor* find_whole(const char* data, size_t size) const;
    char* place_of_data() const;
    void map(char* begin, size_t size, int kind) const;
    void advise(int what) const;

    mutable std::vector<Tensor> tensors_;  // none in a window that another process has filled
    size_t private_size_;
    size_t size_;
    mutable Descriptor file_;
    Reservation reserved_;
    char* data_;
};

/// All windows but one are out of reach of processes forked for as long as this lives, which other
/// threads wait for: a case cannot change what another has left for the report.
class OtherWindowsHidden {
  public:
    /// Null: all of them are.
    explicit OtherWindowsHidden(const HostWindow* shown);
    ~OtherWindowsHidden();
    OtherWindowsHidden(const OtherWindowsHidden&) = delete;
    OtherWindowsHidden& operator=(const OtherWindowsHidden&) = delete;

  private:
    const std::lock_guard<std::mutex> lock_;
    const HostWindow* shown_;
};

}  // namespace a2a3sim
