#include "shared/array_memory.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <system_error>
#include <unordered_map>
#include <vector>

#include "base/memory.h"
#include "base/own_pages.h"
#include "shared/shared_file.h"

namespace a2a3sim {

namespace {

constexpr size_t kAlignment = 64;  // of an array's end, and of a device buffer's
constexpr int kAccess = PROT_READ | PROT_WRITE;
constexpr size_t kShareOfMemory = 4;    // that such arrays take at most
constexpr size_t kMostSpare = 4;        // freed ones that the next array can be in
constexpr const char* kName = "numpy";  // as /proc/self/maps shows it

size_t whole_pages(size_t size) {
    return round_up(size, static_cast<size_t>(sysconf(_SC_PAGESIZE)));
}

/// A file and where it is mapped, at the boundary of a huge page.
struct Place {
    Descriptor file;
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
        if (!map(MAP_SHARED) || !populate_huge({pages, size}, threads)) {
            munmap(reserved, size + kHugePage);
            throw std::bad_alloc();
        }
    }
    ~Place() { munmap(reserved, size + kHugePage); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    bool map(int kind) const noexcept {
        return mmap(pages, size, kAccess, kind | MAP_FIXED | MAP_NORESERVE, file.number(), 0) !=
               MAP_FAILED;
    }

    void make_private() noexcept {
        if (is_shared) is_shared = !map(MAP_PRIVATE);
    }
};

bool are_zero(const char* bytes, size_t size) {
    return std::all_of(bytes, bytes + size, [](char byte) { return byte == 0; });
}

class ArrayMemory {
  public:
    static ArrayMemory& instance() {
        static auto* const memory = new ArrayMemory;  // arrays may outlive static variables
        return *memory;
    }

    void open(int threads) {
        const Lock lock(mutex_);
        ++open_;
        threads_ = threads;
    }

    void close() {
        const Lock lock(mutex_);
        if (--open_ > 0) return;
        spare_.clear();
        make_private();
    }

    void* allocate(size_t size) {
        const Lock lock(mutex_);
        if (open_ == 0 || is_refused_ || are_addresses_scarce()) return nullptr;
        const size_t wanted = whole_pages(size);
        const auto found = std::find_if(spare_.begin(), spare_.end(), [wanted](const auto& place) {
            return place->size == wanted;
        });
        if (found != spare_.end()) {
            std::unique_ptr<Place> place = std::move(*found);
            spare_.erase(found);
            return keep(std::move(place), size);
        }
        if (used_ + wanted > most_) return nullptr;
        try {
            return keep(std::make_unique<Place>(wanted, threads_), size);
        } catch (const std::exception&) {
            is_refused_ = true;
            return nullptr;
        }
    }

    void note_zeros(void* data, size_t size) {
        const Lock lock(mutex_);
        if (open_ > 0) zeros_[data] = size;
    }

    bool is_surely_zero(const void* data, size_t size) {
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

    /// False: it is not here.
    bool free(void* data) {
        const Lock lock(mutex_);
        zeros_.erase(data);
        const auto found = places_.find(data);
        if (found == places_.end()) return false;
        std::unique_ptr<Place> place = std::move(found->second);
        places_.erase(found);
        used_ -= place->size;
        if (open_ > 0 && place->is_shared && spare_.size() < kMostSpare) {
            spare_.push_back(std::move(place));
        }
        return true;
    }

    /// The size of an array's memory, 0 if it is not here. What it holds is about to change.
    size_t size_before_change(void* data) {
        const Lock lock(mutex_);
        zeros_.erase(data);
        const auto found = places_.find(data);
        if (found == places_.end()) return 0;
        const Place& place = *found->second;
        return static_cast<size_t>(place.pages + place.size - static_cast<char*>(data));
    }

    std::optional<ArrayFile> find(const void* data, size_t size) {
        const Lock lock(mutex_);
        const auto found = places_.find(const_cast<void*>(data));
        if (found == places_.end()) return std::nullopt;
        const Place& place = *found->second;
        if (place.is_shared || place.pages + bytes_before_large(size) != data ||
            place.size != whole_pages(size) || may_have_own_pages(place.pages, place.size)) {
            return std::nullopt;
        }
        return ArrayFile{place.pages, place.size, place.file.number()};
    }

  private:
    using Lock = std::lock_guard<std::mutex>;

    /// What a forked process writes is its own.
    ArrayMemory() {
        pthread_atfork(
            [] {
                instance().mutex_.lock();
                instance().make_private();
            },
            [] { instance().mutex_.unlock(); }, [] { instance().mutex_.unlock(); });
    }

    void make_private() noexcept {
        for (auto& [data, place] : places_) place->make_private();
    }

    void* keep(std::unique_ptr<Place> place, size_t size) {
        char* const data = place->pages + bytes_before_large(size);
        const size_t added = place->size;
        places_.emplace(data, std::move(place));
        used_ += added;
        return data;
    }

    const size_t most_ = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) *
                         static_cast<size_t>(sysconf(_SC_PAGESIZE)) / kShareOfMemory;
    std::mutex mutex_;
    int open_ = 0;
    int threads_ = 1;
    bool is_refused_ = false;
    size_t used_ = 0;
    std::unordered_map<void*, std::unique_ptr<Place>> places_;
    std::unordered_map<void*, size_t> zeros_;  // made by calloc()
    std::vector<std::unique_ptr<Place>> spare_;
};

// As in NumPy's ndarraytypes.h.
struct Allocator {
    void* context;
    void* (*malloc)(void* context, size_t size);
    void* (*calloc)(void* context, size_t count, size_t size);
    void* (*realloc)(void* context, void* data, size_t size);
    void (*free)(void* context, void* data, size_t size);
};

struct Handler {
    char name[127];
    uint8_t version;
    Allocator allocator;
};

const Allocator& other_of(void* context) { return *static_cast<const Allocator*>(context); }

void* allocate(void* context, size_t size) {
    void* const data = size < kLargeArray ? nullptr : ArrayMemory::instance().allocate(size);
    const Allocator& other = other_of(context);
    return data != nullptr ? data : other.malloc(other.context, size);
}

/// Memory that is zero, and of which nothing is there: an output's, mostly.
void* allocate_zeros(void* context, size_t count, size_t size) {
    const Allocator& other = other_of(context);
    void* const data = other.calloc(other.context, count, size);
    if (data != nullptr && size * count >= kLargeArray) {
        ArrayMemory::instance().note_zeros(data, size * count);
    }
    return data;
}

void release(void* context, void* data, size_t size) {
    if (ArrayMemory::instance().free(data)) return;
    const Allocator& other = other_of(context);
    other.free(other.context, data, size);
}

void* resize(void* context, void* data, size_t size) {
    const Allocator& other = other_of(context);
    const size_t had = ArrayMemory::instance().size_before_change(data);
    if (had == 0) return other.realloc(other.context, data, size);
    void* const moved = other.malloc(other.context, size);
    if (moved == nullptr) return nullptr;
    std::memcpy(moved, data, std::min(size, had));
    ArrayMemory::instance().free(data);
    return moved;
}

}  // namespace

size_t bytes_before_large(size_t size) { return whole_pages(size) - round_up(size, kAlignment); }

void open_array_memory(int threads) noexcept { ArrayMemory::instance().open(threads); }

void close_array_memory() noexcept { ArrayMemory::instance().close(); }

std::optional<ArrayFile> find_array_file(const void* data, size_t size) noexcept {
    return ArrayMemory::instance().find(data, size);
}

bool is_array_surely_zero(const void* data, size_t size) noexcept {
    return ArrayMemory::instance().is_surely_zero(data, size);
}

void* array_handler(const void* other) noexcept {
    auto* const handler = new (std::nothrow) Handler{};
    if (handler == nullptr) return nullptr;
    std::strcpy(handler->name, "a2a3sim");
    handler->version = 1;
    void* const context = const_cast<Allocator*>(&static_cast<const Handler*>(other)->allocator);
    handler->allocator = {context, allocate, allocate_zeros, resize, release};
    return handler;
}

}  // namespace a2a3sim
