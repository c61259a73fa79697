#include "faults/argument_areas.h"

#include <sys/mman.h>
#include <unistd.h>

#include <new>

namespace a2a3sim {

std::atomic<const ArgumentAreas*> ArgumentAreas::current{nullptr};

ArgumentAreas::ArgumentAreas(int count)
    : count_(count), page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))), stride_(2 * page_) {
    void* const memory = mmap(nullptr, static_cast<size_t>(count) * stride_, PROT_NONE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    memory_ = static_cast<char*>(memory);
    for (int i = 0; i < count; ++i) {
        if (mprotect(memory_ + static_cast<size_t>(i) * stride_, page_, PROT_READ | PROT_WRITE) !=
            0) {
            munmap(memory, static_cast<size_t>(count) * stride_);
            throw std::bad_alloc();
        }
    }
    current.store(this, std::memory_order_release);
}

ArgumentAreas::~ArgumentAreas() {
    current.store(nullptr, std::memory_order_release);
    munmap(memory_, static_cast<size_t>(count_) * stride_);
}

int ArgumentAreas::missing_argument(int worker, uint64_t address) {
    const ArgumentAreas* const areas = current.load(std::memory_order_acquire);
    if (areas == nullptr || worker < 0 || worker >= areas->count_) return -1;
    const uint64_t past = address - reinterpret_cast<uint64_t>(areas->end(worker));
    return past < areas->page_ ? static_cast<int>(past / sizeof(uint64_t)) : -1;
}

}  // namespace a2a3sim
