// The host's tensors in a window, as a case knows them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "device/host_window.h"

namespace a2a3sim {

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
