#include "device/host_window.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "base/failure.h"
#include "base/memory.h"
#include "shared/shared_file.h"

namespace a2a3sim {

namespace {

std::mutex live_windows_mutex;
std::vector<const HostWindow*> live_windows;

constexpr size_t kMostInFile = size_t{4} << 20;

constexpr size_t kMargin = size_t{64} << 10;  // of unreachable memory, on both sides

/// Addresses at which the system puts nothing by itself, one behind the other; they are used again
/// after a while.
uintptr_t next_place(size_t size) {
    constexpr uintptr_t kFirst = uintptr_t{1} << 45;
    constexpr uintptr_t kRange = uintptr_t{1} << 32;
    static std::atomic<uintptr_t> next{0};
    const uintptr_t offset = next.fetch_add(round_up(size, kMargin));
    return kFirst + offset % kRange;
}

/// None where the system has none (`ulimit -f`).
Descriptor try_file(size_t size) {
    try {
        return make_memory_file(size);
    } catch (const std::system_error&) {
        return Descriptor();
    }
}

[[noreturn]] void refuse(size_t size) {
    throw std::system_error(errno, std::generic_category(),
                            format("%zu bytes for the host tensors", size));
}

}  // namespace

HostWindow::Reservation::Reservation(uintptr_t wanted, size_t wanted_size) : size(wanted_size) {
    void* const address = mmap(reinterpret_cast<void*>(wanted), size, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (address == MAP_FAILED) refuse(size);
    begin = static_cast<char*>(address);
}

HostWindow::Reservation::~Reservation() { munmap(begin, size); }

HostWindow::HostWindow(size_t private_size, size_t shared_size, Wish wish, int threads)
    : private_size_(private_size),
      size_(private_size + shared_size),
      file_(wish == Wish::kFile && size_ <= kMostInFile ? try_file(size_) : Descriptor()),
      reserved_(file_.is_open() ? next_place(size_ + 2 * kMargin) : 0,
                size_ + (file_.is_open() ? 2 * kMargin : 3 * kHugePage)),
      data_(place_of_data(shared_size)) {
    // What is in the file is everybody's until it is taken.
    map(data_, private_size, file_.is_open() ? MAP_SHARED : MAP_PRIVATE);
    map(data_ + private_size, shared_size, MAP_SHARED);
    if (private_size >= kHugePage) madvise(data_, private_size, MADV_HUGEPAGE);
    // It is about to be written.
    if (file_.is_open()) make_present(data_, size_);
    populate_huge({data_ + private_size, shared_size}, threads);
    const std::lock_guard<std::mutex> lock(live_windows_mutex);
    live_windows.push_back(this);
}

HostWindow::HostWindow(const Place& place, Descriptor file)
    : private_size_(place.private_size),
      size_(place.size),
      file_(std::move(file)),
      reserved_(place.address - kMargin, size_ + 2 * kMargin),
      data_(reserved_.begin + kMargin) {
    if (reinterpret_cast<uintptr_t>(data_) != place.address) {
        errno = EEXIST;
        refuse(size_);
    }
    map(data_, private_size_, MAP_PRIVATE);
    map(data_ + private_size_, size_ - private_size_, MAP_SHARED);
    const std::lock_guard<std::mutex> lock(live_windows_mutex);
    live_windows.push_back(this);
}

/// Unreachable memory is on both sides. The part that needs it more begins with a huge page.
char* HostWindow::place_of_data(size_t shared_size) const {
    if (file_.is_open()) return reserved_.begin + kMargin;
    const size_t before = shared_size < kHugePage ? 0 : private_size_;
    const auto begin = reinterpret_cast<uintptr_t>(reserved_.begin);
    return reserved_.begin + (round_up(begin + 1 + before, kHugePage) - before - begin);
}

void HostWindow::map(char* begin, size_t size, int kind) const {
    if (size == 0) return;
    const int flags = kind | MAP_FIXED | (file_.is_open() ? 0 : MAP_ANONYMOUS);
    const off_t offset = file_.is_open() ? begin - data_ : 0;
    if (mmap(begin, size, PROT_READ | PROT_WRITE, flags, file_.number(), offset) == MAP_FAILED) {
        refuse(size_);
    }
}

HostWindow::~HostWindow() {
    const std::lock_guard<std::mutex> lock(live_windows_mutex);
    live_windows.erase(std::find(live_windows.begin(), live_windows.end(), this));
}

HostWindow::Place HostWindow::place() const noexcept {
    return {reinterpret_cast<uintptr_t>(data_), private_size_, size_};
}

Descriptor HostWindow::take_file() const {
    if (file_.is_open()) map(data_, private_size_, MAP_PRIVATE);
    return std::move(file_);
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

OtherWindowsHidden::OtherWindowsHidden(const HostWindow* shown)
    : lock_(live_windows_mutex), shown_(shown) {
    for (const HostWindow* const window : live_windows) {
        if (window != shown_) window->hide_from_children();
    }
}

OtherWindowsHidden::~OtherWindowsHidden() {
    for (const HostWindow* const window : live_windows) {
        if (window != shown_) window->show_to_children();
    }
}

void set_reach(const HostWindow& window, const std::vector<HostTensor>& tensors, Reach reach) {
    const int whole = reach == Reach::kNone   ? PROT_NONE
                      : reach == Reach::kRead ? PROT_READ
                                              : PROT_READ | PROT_WRITE;
    mprotect(window.data(), window.size(), whole);
    if (reach != Reach::kReadAndWrite) return;
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
