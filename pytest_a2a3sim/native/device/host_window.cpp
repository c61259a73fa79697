#include "device/host_window.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "base/failure.h"
#include "base/memory.h"
#include "base/own_pages.h"
#include "shared/array_memory.h"
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

bool move(char* from, size_t size, char* to) {
    return mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to) != MAP_FAILED;
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

std::vector<HostWindow::Tensor> HostWindow::lay_out(const std::vector<size_t>& sizes,
                                                    size_t private_count) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    std::vector<Tensor> tensors;
    size_t end = 0;
    size_t shared_size = 0;
    for (size_t i = private_count; i < sizes.size(); ++i) shared_size += sizes[i];
    for (size_t i = 0; i < sizes.size(); ++i) {
        const size_t size = sizes[i];
        const bool is_large = size >= kLargeArray;
        const bool begins_huge = is_large || (i == private_count && shared_size >= kHugePage);
        if (size > SIZE_MAX / 4 - end) refuse(size);
        const size_t pages = round_up(end, begins_huge ? kHugePage : page);
        const size_t mapped = round_up(std::max<size_t>(size, 1), page);
        const size_t data = pages + (is_large ? bytes_before_large(size) : 0);
        tensors.push_back({reinterpret_cast<char*>(data), size, reinterpret_cast<char*>(pages),
                           mapped, is_large});
        end = pages + mapped;
    }
    return tensors;
}

size_t HostWindow::end_of(const std::vector<Tensor>& tensors, size_t count) {
    if (count == 0) return 0;
    const Tensor& last = tensors[count - 1];
    return reinterpret_cast<size_t>(last.pages) + last.mapped_size;
}

HostWindow::HostWindow(const std::vector<size_t>& sizes, size_t private_count, Wish wish,
                       int threads)
    : HostWindow(lay_out(sizes, private_count), private_count, wish, threads) {}

HostWindow::HostWindow(std::vector<Tensor> tensors, size_t private_count, Wish wish, int threads)
    : tensors_(std::move(tensors)),
      private_size_(private_count == tensors_.size()
                        ? end_of(tensors_, private_count)
                        : reinterpret_cast<size_t>(tensors_[private_count].pages)),
      size_(end_of(tensors_, tensors_.size())),
      file_(wish == Wish::kFile && size_ <= kMostInFile ? try_file(size_) : Descriptor()),
      reserved_(file_.is_open() ? next_place(size_ + 2 * kMargin) : 0,
                size_ + (file_.is_open() ? 2 * kMargin : 3 * kHugePage)),
      data_(place_of_data()) {
    // What is in the file is everybody's until it is taken.
    map(data_, private_size_, file_.is_open() ? MAP_SHARED : MAP_PRIVATE);
    map(data_ + private_size_, size_ - private_size_, MAP_SHARED);
    for (Tensor& tensor : tensors_) {
        tensor.data = data_ + reinterpret_cast<size_t>(tensor.data);
        tensor.pages = data_ + reinterpret_cast<size_t>(tensor.pages);
    }
    if (private_size_ >= kHugePage) madvise(data_, private_size_, MADV_HUGEPAGE);
    // It is about to be written.
    if (file_.is_open()) make_present(data_, size_);
    populate_huge({data_ + private_size_, size_ - private_size_}, threads);
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

/// Unreachable memory is on both sides.
char* HostWindow::place_of_data() const {
    if (file_.is_open()) return reserved_.begin + kMargin;
    const auto begin = reinterpret_cast<uintptr_t>(reserved_.begin);
    return reserved_.begin + (round_up(begin + 1, kHugePage) - begin);
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
    for (const Tensor& tensor : tensors_) {
        if (tensor.other != nullptr) munmap(tensor.other, tensor.mapped_size);
    }
}

bool HostWindow::is_from_array(Tensor& tensor, const char* from) const {
    if (!tensor.is_large || file_.is_open() || !is_private(tensor.data)) return false;
    const std::optional<ArrayFile> array = ArrayMemory::instance().file_of(from, tensor.size);
    if (!array) return false;
    const auto map_at = [&](void* address, int flags) {
        return mmap(address, array->size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_NORESERVE | flags, array->file.number(), 0);
    };
    const std::lock_guard<std::mutex> lock(live_windows_mutex);  // others look at what it has
    void* const other = map_at(nullptr, 0);
    if (other == MAP_FAILED) return false;
    tensor.other = static_cast<char*>(other);
    if (map_at(tensor.pages, MAP_FIXED) == MAP_FAILED) refuse(tensor.size);
    return true;
}

bool HostWindow::fill(size_t index, const char* from, int threads) {
    Tensor& tensor = tensors_[index];
    if (!is_from_array(tensor, from)) {
        tensor.is_zero =
            (tensor.is_large && ArrayMemory::instance().is_surely_zero(from, tensor.size)) ||
            copy_to_zeros(tensor.data, from, tensor.size, threads);
    }
    return tensor.is_zero;
}

HostWindow::Tensor* HostWindow::find_whole(const char* data, size_t size) const {
    const auto found = std::find_if(tensors_.begin(), tensors_.end(), [&](const Tensor& tensor) {
        return tensor.is_large && tensor.data == data && tensor.size == size;
    });
    return found == tensors_.end() ? nullptr : &*found;
}

bool HostWindow::move_input(const char* data, size_t size, char* pages) const {
    Tensor* const tensor = find_whole(data, size);
    if (tensor == nullptr || tensor->other == nullptr ||
        may_have_own_pages(tensor->pages, tensor->mapped_size) ||
        !move(tensor->other, tensor->mapped_size, pages)) {
        return false;
    }
    tensor->other = nullptr;
    madvise(pages, tensor->mapped_size, MADV_DOFORK);  // it is device memory now
    return true;
}

bool HostWindow::move_output(const char* data, size_t size, char* pages) const {
    const Tensor* const tensor = find_whole(data, size);
    if (tensor == nullptr || !tensor->is_zero || is_private(data) ||
        may_have_touched(tensor->pages, tensor->mapped_size) ||
        !move(tensor->pages, tensor->mapped_size, pages)) {
        return false;
    }
    // Or nothing is there, which nobody needs.
    mmap(tensor->pages, tensor->mapped_size, PROT_READ | PROT_WRITE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
    // What a process that a kernel forks would write there is not what kernels write.
    madvise(pages, tensor->mapped_size, MADV_DONTFORK);
    return true;
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

void HostWindow::advise(int what) const {
    madvise(data_, size_, what);
    for (const Tensor& tensor : tensors_) {
        if (tensor.other != nullptr) madvise(tensor.other, tensor.mapped_size, what);
    }
}

void HostWindow::hide_from_children() const { advise(MADV_DONTFORK); }

void HostWindow::show_to_children() const { advise(MADV_DOFORK); }

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

}  // namespace a2a3sim
