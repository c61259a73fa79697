// Host tensors: memory shared with the parent, unreachable while the graph runs.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

/// Throws std::system_error when the memory cannot be had.
class HostWindow {
  public:
    explicit HostWindow(size_t size);
    ~HostWindow();
    HostWindow(const HostWindow&) = delete;
    HostWindow& operator=(const HostWindow&) = delete;

    void* data() const { return data_; }
    size_t size() const { return size_; }
    bool contains(const void* address) const;
    /// Keeps the window out of reach of processes that the calling one forks from now on.
    void hide_from_children() const;
    /// Maps every page at once: a forked child, which shares the memory but not the page tables,
    /// would otherwise fault on each.
    void populate() const;

  private:
    size_t size_;
    void* data_;
};

struct HostTensor {
    std::string name;
    char* data;
    size_t nbytes;
    bool read_only;
};

/// Makes the window unreachable, or reachable but for writing to read-only tensors.
void set_reachable(const HostWindow& window, const std::vector<HostTensor>& tensors,
                   bool reachable);

/// "" or why [address, address + size) is not host memory a case may copy from or, if `written`,
/// to: nullptr, or an address in the window that is not inside one such tensor. Memory outside the
/// window is the orchestration's own.
std::string check_host_range(const HostWindow& window, const std::vector<HostTensor>& tensors,
                             const void* address, size_t size, bool written);

/// Index of the tensor that holds `address`, or -1.
int find_tensor(const std::vector<HostTensor>& tensors, const void* address);

}  // namespace a2a3sim
