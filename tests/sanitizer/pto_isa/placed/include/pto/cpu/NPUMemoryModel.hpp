// The memories of a core, as arrays; a thread is a core.
#ifndef PTO_STAND_IN_NPU_MEMORY_MODEL_HPP
#define PTO_STAND_IN_NPU_MEMORY_MODEL_HPP

#include <sys/mman.h>
#include <pto/common/pto_tile.hpp>

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <vector>

namespace pto {

/// Memory at addresses that could be taken for offsets: where a process has its heap below 4 GiB,
/// as programs have that are not position-independent.
template <typename T>
struct LowMemory {
    using value_type = T;

    T* allocate(std::size_t count) {
        int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#ifdef MAP_32BIT
        flags |= MAP_32BIT;
#endif
        void* const memory = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE, flags, -1, 0);
        if (memory == MAP_FAILED) throw std::bad_alloc();
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t count) { munmap(memory, count * sizeof(T)); }
    bool operator==(const LowMemory&) const { return true; }
};

using Bytes = std::vector<char, LowMemory<char>>;

class NPUMemoryModel {
  public:
    static NPUMemoryModel& Instance() {
        thread_local NPUMemoryModel instance;
        return instance;
    }

    /// `place`: an offset, or the address of another tile's element.
    template <typename T>
    typename T::DType* resolve(std::uintptr_t place) {
        for (Bytes& memory : memories_) {
            const auto begin = reinterpret_cast<std::uintptr_t>(memory.data());
            if (place - begin < memory.size()) return reinterpret_cast<typename T::DType*>(place);
        }
        Bytes& memory = memories_[index_of(T::Loc)];
        assert(place + T::Numel * sizeof(typename T::DType) <= memory.size());
        return reinterpret_cast<typename T::DType*>(memory.data() + place);
    }

  private:
    NPUMemoryModel()
        : memories_{memory("PTO_CPU_SIM_UB_BYTES", 512), memory("PTO_CPU_SIM_L1_BYTES", 512),
                    memory("PTO_CPU_SIM_L0A_BYTES", 64), memory("PTO_CPU_SIM_L0B_BYTES", 64),
                    memory("PTO_CPU_SIM_L0C_BYTES", 128)} {}
    NPUMemoryModel(const NPUMemoryModel&) = delete;
    NPUMemoryModel& operator=(const NPUMemoryModel&) = delete;

    /// `fallback`: in KiB, where the environment does not say how many bytes.
    static Bytes memory(const char* variable, std::size_t fallback) {
        const char* const text = std::getenv(variable);
        const std::size_t size = text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
        return Bytes(size != 0 ? size : fallback * 1024);
    }

    static constexpr std::size_t index_of(TileType type) {
        const auto index = static_cast<std::size_t>(type);
        return index < 5 ? index : 0;
    }

    std::array<Bytes, 5> memories_;  // by TileType
};

}  // namespace pto

#endif
