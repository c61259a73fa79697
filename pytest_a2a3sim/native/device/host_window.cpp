#include "device/host_window.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "base/failure.h"
#include "base/memory.h"

namespace a2a3sim {

namespace {

std::mutex live_windows_mutex;
std::vector<const HostWindow*> live_windows;

[[noreturn]] void refuse(size_t size) {
    throw std::system_error(errno, std::generic_category(),
                            format("%zu bytes for the host tensors", size));
}

}  // namespace

HostWindow::HostWindow(size_t private_size, size_t shared_size)
    : reserved_size_(private_size + shared_size + 3 * kHugePage),
      reserved_(mmap(nullptr, reserved_size_, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)),
      private_size_(private_size),
      size_(private_size + shared_size) {
    if (reserved_ == MAP_FAILED) refuse(size_);
    const auto begin = reinterpret_cast<uintptr_t>(reserved_);
    // Unreachable memory on both sides. The part that needs it more begins with a huge page.
    const size_t before = shared_size < kHugePage ? 0 : private_size;
    data_ =
        static_cast<char*>(reserved_) + (round_up(begin + 1 + before, kHugePage) - before - begin);
    map(data_, private_size, MAP_PRIVATE);
    map(data_ + private_size, shared_size, MAP_SHARED);
    if (private_size >= kHugePage) madvise(data_, private_size, MADV_HUGEPAGE);
    populate({data_ + private_size, shared_size}, 0, shared_size);  // it is about to be written
    const std::lock_guard<std::mutex> lock(live_windows_mutex);
    live_windows.push_back(this);
}

void HostWindow::map(char* begin, size_t size, int kind) {
    if (size == 0) return;
    const int flags = kind | MAP_ANONYMOUS | MAP_FIXED;
    if (mmap(begin, size, PROT_READ | PROT_WRITE, flags, -1, 0) != MAP_FAILED) return;
    const int error = errno;
    munmap(reserved_, reserved_size_);
    errno = error;
    refuse(size);
}

HostWindow::~HostWindow() {
    const std::lock_guard<std::mutex> lock(live_windows_mutex);
    live_windows.erase(std::find(live_windows.begin(), live_windows.end(), this));
    munmap(reserved_, reserved_size_);
}

bool HostWindow::contains(const void* address) const {
    return address >= data_ && address < data_ + size_;
}

bool HostWindow::is_private(const void* address) const {
    return address >= data_ && address < data_ + private_size_;
}

void HostWindow::drop_private() const { madvise(data_, private_size_, MADV_DONTNEED); }

void HostWindow::hide_from_children() const { madvise(data_, size_, MADV_DONTFORK); }

void HostWindow::show_to_children() const { madvise(data_, size_, MADV_DOFORK); }

OtherWindowsHidden::OtherWindowsHidden(const HostWindow& shown)
    : lock_(live_windows_mutex), shown_(shown) {
    for (const HostWindow* const window : live_windows) {
        if (window != &shown_) window->hide_from_children();
    }
}

OtherWindowsHidden::~OtherWindowsHidden() {
    for (const HostWindow* const window : live_windows) {
        if (window != &shown_) window->show_to_children();
    }
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
    const auto offset = static_cast<size_t>(static_cast<const char*>(address) - tensor.data);
    if (size <= tensor.nbytes - offset) return "";
    return format("%zu bytes from byte %zu on overrun host tensor '%s' (%zu bytes)", size, offset,
                  tensor.name.c_str(), tensor.nbytes);
}

}  // namespace a2a3sim
