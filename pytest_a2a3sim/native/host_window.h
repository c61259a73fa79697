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
    bool contains(const void* address) const;
    void set_reachable(bool reachable) const;

  private:
    size_t size_;
    void* data_;
};

struct HostTensor {
    std::string name;
    char* data;
    size_t nbytes;
};

/// "" or why [address, address + size) is not host memory a case may copy from or to: nullptr, or
/// an address in the window that is not inside one tensor. Memory outside the window is the
/// orchestration's own.
std::string check_host_range(const HostWindow& window, const std::vector<HostTensor>& tensors,
                             const void* address, size_t size);

/// Index of the tensor that holds `address`, or -1.
int find_tensor(const std::vector<HostTensor>& tensors, const void* address);

}  // namespace a2a3sim
