#include "device/host_tensors.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/failure.h"

namespace a2a3sim {

void set_reach(const HostWindow& window, const std::vector<HostTensor>& tensors, Reach reach) {
    const int whole = reach == Reach::kNone   ? PROT_NONE
                      : reach == Reach::kRead ? PROT_READ
                                              : PROT_READ | PROT_WRITE;
    mprotect(window.data(), window.size(), whole);
    if (reach != Reach::kReadAndWrite) return;
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    for (const HostTensor& tensor : tensors) {
        if (!tensor.read_only) continue;
        // No two tensors share a page.
        const size_t before = reinterpret_cast<uintptr_t>(tensor.data) % page;
        mprotect(tensor.data - before, tensor.nbytes + before, PROT_READ);
    }
}

int find_tensor(const std::vector<HostTensor>& tensors, const void* address) {
    for (size_t i = 0; i < tensors.size(); ++i) {
        const char* begin = tensors[i].data;
        if (address >= begin && address < begin + tensors[i].nbytes) return static_cast<int>(i);
    }
    return -1;
}

std::string check_host_range(const HostWindow& window, const std::vector<HostTensor>& tensors,
                             const void* address, size_t size, bool written) {
    if (address == nullptr) return "the host pointer is null";
    if (size == 0 || !window.contains(address)) return "";
    const int index = find_tensor(tensors, address);
    if (index < 0) return format("host pointer %p lies between the tensors", address);
    const HostTensor& tensor = tensors[static_cast<size_t>(index)];
    if (written && tensor.read_only) {
        return format("host tensor '%s' is read-only: generate_inputs made it so",
                      tensor.name.c_str());
    }
    const auto offset = static_cast<size_t>(static_cast<const char*>(address) - tensor.data);
    if (size <= tensor.nbytes - offset) return "";
    return format("%zu bytes from byte %zu on overrun host tensor '%s' (%zu bytes)", size, offset,
                  tensor.name.c_str(), tensor.nbytes);
}

}  // namespace a2a3sim
