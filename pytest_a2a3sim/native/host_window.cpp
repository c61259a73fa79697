#include "host_window.h"

#include <sys/mman.h>

#include <cerrno>
#include <system_error>

#include "text.h"

namespace a2a3sim {

HostWindow::HostWindow(size_t size) : size_(size) {
    data_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (data_ == MAP_FAILED) {
        throw std::system_error(errno, std::generic_category(),
                                format("%zu bytes for the host tensors", size));
    }
}

HostWindow::~HostWindow() { munmap(data_, size_); }

bool HostWindow::contains(const void* address) const {
    const char* begin = static_cast<const char*>(data_);
    return address >= begin && address < begin + size_;
}

void HostWindow::hide_from_children() const { madvise(data_, size_, MADV_DONTFORK); }

void HostWindow::populate() const {
#ifdef MADV_POPULATE_READ
    madvise(data_, size_, MADV_POPULATE_READ);  // where the kernel has it: Linux 5.14
#endif
}

void set_reachable(const HostWindow& window, const std::vector<HostTensor>& tensors,
                   bool reachable) {
    mprotect(window.data(), window.size(), reachable ? PROT_READ | PROT_WRITE : PROT_NONE);
    if (!reachable) return;
    for (const HostTensor& tensor : tensors) {
        // Tensors begin at page boundaries, and no two share a page.
        if (tensor.read_only) mprotect(tensor.data, tensor.nbytes, PROT_READ);
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
    const size_t offset = static_cast<size_t>(static_cast<const char*>(address) - tensor.data);
    if (size <= tensor.nbytes - offset) return "";
    return format("%zu bytes from byte %zu on overrun host tensor '%s' (%zu bytes)", size, offset,
                  tensor.name.c_str(), tensor.nbytes);
}

}  // namespace a2a3sim
