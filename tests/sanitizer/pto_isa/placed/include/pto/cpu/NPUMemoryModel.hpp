// The memories of a core, as arrays; a thread is a core.
#ifndef PTO_STAND_IN_NPU_MEMORY_MODEL_HPP
#define PTO_STAND_IN_NPU_MEMORY_MODEL_HPP

#include <pto/common/pto_tile.hpp>

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace pto {

class NPUMemoryModel {
  public:
    static NPUMemoryModel& Instance() {
        thread_local NPUMemoryModel instance;
        return instance;
    }

    /// `place`: an offset, or the address of another tile's element.
    template <typename T>
    typename T::DType* resolve(std::uintptr_t place) {
        for (std::vector<char>& memory : memories_) {
            const auto begin = reinterpret_cast<std::uintptr_t>(memory.data());
            if (place - begin < memory.size()) return reinterpret_cast<typename T::DType*>(place);
        }
        std::vector<char>& memory = memories_[index_of(T::Loc)];
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
    static std::vector<char> memory(const char* variable, std::size_t fallback) {
        const char* const text = std::getenv(variable);
        const std::size_t size = text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
        return std::vector<char>(size != 0 ? size : fallback * 1024);
    }

    static constexpr std::size_t index_of(TileType type) {
        const auto index = static_cast<std::size_t>(type);
        return index < 5 ? index : 0;
    }

    std::array<std::vector<char>, 5> memories_;  // by TileType
};

}  // namespace pto

#endif
