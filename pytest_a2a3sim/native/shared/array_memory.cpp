#include "shared/array_memory.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <system_error>
#include <utility>

#include "base/memory.h"
#include "base/own_pages.h"
#include "shared/shared_file.h"

namespace a2a3sim {

namespace {

constexpr size_t kAlignment = 64;  // of an array's end, and of a device buffer's
constexpr int kAccess = PROT_READ | PROT_WRITE;
constexpr size_t kShareOfMemory = 4;  // that such arrays take at most
constexpr size_t kMostFiles = 16;     // descriptors are scarce
constexpr size_t kMostSpare = size_t{256} << 20;
constexpr const char* kName = "numpy";  // as /proc/self/maps shows it

size_t whole_pages(size_t size) {
    return round_up(size, static_cast<size_t>(sysconf(_SC_PAGESIZE)));
}

bool are_zero(const char* bytes, size_t size) {
    return std::all_of(bytes, bytes + size, [](char byte) { return byte == 0; });
}

/// Has pages of this process for all of it; false: the system does not grant them.
bool make_all_present(char* pages, size_t size) {
#ifdef MADV_POPULATE_WRITE
    return madvise(pages, size, MADV_POPULATE_WRITE) == 0;
#else
    return false;
#endif
}

}  // namespace

/// A file and where it is mapped, at the boundary of a huge page.
struct ArrayMemory::Place {
    Descriptor file;
    struct stat status{};  // of the file: somebody may close what is not theirs
    char* reserved = nullptr;
    char* pages = nullptr;
    size_t size = 0;
    bool is_shared = true;  // what is written there is in the file

    Place(size_t wanted, int threads) : file(make_memory_file(wanted, kName)), size(wanted) {
        void* const mapping = mmap(nullptr, size + kHugePage, PROT_NONE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (mapping == MAP_FAILED) throw std::bad_alloc();
        reserved = static_cast<char*>(mapping);
        const auto address = reinterpret_cast<uintptr_t>(mapping);
        pages = reserved + (round_up(address, kHugePage) - address);
        if (fstat(file.number(), &status) != 0 || !map(MAP_SHARED) ||
            !populate_huge({pages, size}, threads) || !make_all_present(pages, size)) {
            munmap(reserved, size + kHugePage);
            throw std::bad_alloc();
        }
    }
    ~Place() {
        forget_file();
        munmap(reserved, size + kHugePage);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    bool has_file() const noexcept {
        struct stat now{};
        return file.is_open() && fstat(file.number(), &now) == 0 && now.st_ino == status.st_ino &&
               now.st_dev == status.st_dev;
    }

    void forget_file() noexcept {
        if (has_file()) {
            file = Descriptor();
        } else {
            file.release();
        }
    }

    bool map(int kind) const noexcept {
        return mmap(pages, size, kAccess, kind | MAP_FIXED | MAP_NORESERVE, file.number(), 0) !=
               MAP_FAILED;
    }

    void make_private() noexcept {
        if (is_shared && has_file()) is_shared = !map(MAP_PRIVATE);
    }
};

size_t bytes_before_large(size_t size) { return whole_pages(size) - round_up(size, kAlignment); }

ArrayMemory& ArrayMemory::instance() {
    // Arrays may outlive static variables.
    alignas(ArrayMemory) static char bytes[sizeof(ArrayMemory)];
    static auto* const memory = new (bytes) ArrayMemory;
    return *memory;
}

ArrayMemory::ArrayMemory()
    : most_(static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) *
            static_cast<size_t>(sysconf(_SC_PAGESIZE)) / kShareOfMemory) {
    spares_.reserve(kMostFiles);  // or freeing an array could fail
    pthread_atfork(
        [] {
            instance().mutex_.lock();
            instance().drop_spares();
            instance().make_private();
        },
        [] { instance().mutex_.unlock(); },
        [] {
            // Whose numbers these are now is not known, nor who closes them.
            for (auto& [data, place] : instance().places_) place->file.release();
            instance().is_refused_ = true;
            instance().mutex_.unlock();
        });
}

void ArrayMemory::make_private() noexcept {
    for (auto& [data, place] : places_) place->make_private();
}

void ArrayMemory::open(int threads) {
    const Lock lock(mutex_);
    threads_ = threads;
    if (open_++ > 0) return;
    for (auto& [data, place] : places_) place->forget_file();
    files_ = 0;
}

void ArrayMemory::close() {
    const Lock lock(mutex_);
    if (--open_ > 0) return;
    drop_spares();
    make_private();
}

void* ArrayMemory::allocate(size_t size) {
    const Lock lock(mutex_);
    if (open_ == 0 || is_refused_) return nullptr;
    if (are_addresses_scarce()) {
        drop_spares();
        return nullptr;
    }
    const size_t wanted = whole_pages(size);
    const auto spare = std::find_if(spares_.begin(), spares_.end(),
                                    [wanted](const auto& each) { return each->size == wanted; });
    std::unique_ptr<Place> made;
    if (spare == spares_.end()) {
        made = make_place(wanted);
        if (made == nullptr) return nullptr;
    }
    char* const data = (made ? made : *spare)->pages + bytes_before_large(size);
    std::unique_ptr<Place>& place = places_[data];
    if (made != nullptr) {
        place = std::move(made);
        used_ += wanted;
        ++files_;
    } else {
        place = std::move(*spare);
        spares_.erase(spare);
        // What is around the array belongs to nobody, and is the same whatever was there before.
        std::memset(place->pages, 0, bytes_before_large(size));
        std::memset(data + size, 0, static_cast<size_t>(place->pages + wanted - data) - size);
    }
    return data;
}

std::unique_ptr<ArrayMemory::Place> ArrayMemory::make_place(size_t size) {
    const auto is_too_much = [&] { return files_ == kMostFiles || used_ + size > most_; };
    while (!spares_.empty() && is_too_much()) drop_oldest_spare();
    if (is_too_much()) return nullptr;
    while (true) {
        try {
            return std::make_unique<Place>(size, threads_);
        } catch (const std::exception&) {
            is_refused_ = spares_.empty();
            if (is_refused_) return nullptr;
            drop_spares();
        }
    }
}

void ArrayMemory::add_spare(std::unique_ptr<Place> place) noexcept {
    spares_.push_back(std::move(place));
    size_t size = 0;
    for (const auto& spare : spares_) size += spare->size;
    for (; size > kMostSpare; drop_oldest_spare()) size -= spares_.front()->size;
}

void ArrayMemory::drop_oldest_spare() noexcept {
    used_ -= spares_.front()->size;
    --files_;
    spares_.erase(spares_.begin());
}

void ArrayMemory::drop_spares() noexcept {
    while (!spares_.empty()) drop_oldest_spare();
}

void ArrayMemory::note_zeros(void* data, size_t size) {
    const Lock lock(mutex_);
    if (open_ > 0) zeros_[data] = size;
}

bool ArrayMemory::free(void* data) {
    const Lock lock(mutex_);
    zeros_.erase(data);
    const auto found = places_.find(data);
    if (found == places_.end()) return false;
    std::unique_ptr<Place> place = std::move(found->second);
    places_.erase(found);
    if (open_ > 0 && place->is_shared && place->has_file()) {
        add_spare(std::move(place));
        return true;
    }
    used_ -= place->size;
    if (place->file.is_open()) --files_;
    return true;
}

size_t ArrayMemory::size_before_change(void* data) {
    const Lock lock(mutex_);
    zeros_.erase(data);
    const auto found = places_.find(data);
    if (found == places_.end()) return 0;
    const Place& place = *found->second;
    return static_cast<size_t>(place.pages + place.size - static_cast<char*>(data));
}

std::optional<ArrayFile> ArrayMemory::file_of(const void* data, size_t size) {
    const Lock lock(mutex_);
    const auto found = places_.find(const_cast<void*>(data));
    if (found == places_.end()) return std::nullopt;
    const Place& place = *found->second;
    if (place.is_shared || !place.has_file() || place.pages + bytes_before_large(size) != data ||
        place.size != whole_pages(size) || may_have_own_pages(place.pages, place.size)) {
        return std::nullopt;
    }
    Descriptor file(fcntl(place.file.number(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!file.is_open()) return std::nullopt;
    return ArrayFile{place.pages, place.size, std::move(file)};
}

bool ArrayMemory::is_surely_zero(const void* data, size_t size) {
    const Lock lock(mutex_);
    const auto found = zeros_.find(const_cast<void*>(data));
    if (found == zeros_.end() || found->second != size) return false;
    // malloc() writes to the page that its block begins in.
    const char* const bytes = static_cast<const char*>(data);
    const size_t page = whole_pages(1);
    const size_t first = page - reinterpret_cast<uintptr_t>(data) % page;
    const size_t last = (reinterpret_cast<uintptr_t>(data) + size) % page;
    return are_zero(bytes, first) && are_zero(bytes + size - last, last) &&
           !may_have_touched(bytes + first, size - first - last);
}

}  // namespace a2a3sim
