// Host tensors: what the case only reads, and what the parent reads afterwards; all of it is
// unreachable while the graph runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/descriptor.h"

extern "C" {
#include "engine_api.h"
}

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

    /// Sizes in bytes, whole pages. A large one is anonymous in any case: a file is in small pages,
    /// of which a process that maps it has none yet. Huge pages come on so many threads. Throws
    /// std::system_error when the memory cannot be had.
    HostWindow(size_t private_size, size_t shared_size, Wish wish, int threads);

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

    char* place_of_data(size_t shared_size) const;
    void map(char* begin, size_t size, int kind) const;

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

struct HostTensor {
    std::string name;
    char* data;
    size_t nbytes;
    bool read_only;
    bool is_output;
    int32_t dtype;  // as in a2a3_tensor
    std::vector<uint32_t> shape;
    bool order_dependent;  // other orders may leave other bytes
};

enum class Reach {
    kNone,
    kRead,
    kReadAndWrite,  // but for read-only tensors
};

void set_reach(const HostWindow& window, const std::vector<HostTensor>& tensors, Reach reach);

/// "" or why [address, address + size) is not host memory a case may copy from or, if `written`,
/// to: nullptr, or an address in the window that is not inside one such tensor. Memory outside the
/// window is the orchestration's own.
std::string check_host_range(const HostWindow& window, const std::vector<HostTensor>& tensors,
                             const void* address, size_t size, bool written);

/// Index of the tensor that holds `address`, or -1.
int find_tensor(const std::vector<HostTensor>& tensors, const void* address);

}  // namespace a2a3sim
