// Stands before PTO ISA's header of this name: where tiles lie in a core's memories is checked, or
// told where kernels are looked into.
#ifndef A2A3SIM_PTO_INST_HPP
#define A2A3SIM_PTO_INST_HPP

#include <pto/common/type.hpp>

#include <pto/common/cpu_stub.hpp>

#include_next <pto/pto-inst.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#ifdef A2A3SIM_LOOKS_INSIDE
extern "C" __attribute__((visibility("hidden"))) void a2a3sim_place(const a2a3_tile* tile);
#endif

namespace pto {

/// Whether tiles have arrays of their own for elements.
template <typename T>
inline constexpr bool a2a3sim_has_own_bytes =
    std::is_array_v<std::remove_reference_t<decltype(std::declval<T&>().data())>>;

template <typename T>
inline constexpr uint64_t a2a3sim_bytes = sizeof(typename T::DType) * T::Rows * T::Cols;

#ifdef A2A3SIM_LOOKS_INSIDE

template <typename T>
inline __attribute__((always_inline)) uint64_t a2a3sim_address_of(T& tile) {
    return reinterpret_cast<uint64_t>(&tile.data()[0]);
}

template <typename T>
inline __attribute__((always_inline)) void a2a3sim_placed(T& tile, uint64_t place) {
    const a2a3_tile told{a2a3sim_address_of(tile), a2a3sim_bytes<T>, place,
                         static_cast<int32_t>(T::Loc), a2a3sim_has_own_bytes<T> ? 1 : 0};
    a2a3sim_place(&told);
}

/// On a device both are the same memory.
template <typename To, typename From, typename... Events>
inline __attribute__((always_inline)) auto a2a3sim_reshape(To& to, From& from, Events&... events) {
    if constexpr (a2a3sim_has_own_bytes<To>) a2a3sim_placed(to, a2a3sim_address_of(from));
    return TRESHAPE(to, from, events...);
}

#endif

/// Sizes of a core's memories by the type of a tile; 0: unknown.
inline uint64_t a2a3sim_size_of_memory(TileType type) {
    static const char* const names[] = {"UB", "L1", "L0A", "L0B", "L0C"};
    const auto index = static_cast<std::size_t>(type);
    if (index >= sizeof names / sizeof *names) return 0;
    const char* const size =
        std::getenv(("PTO_CPU_SIM_" + std::string(names[index]) + "_BYTES").c_str());
    return size == nullptr ? 0 : std::strtoull(size, nullptr, 10);
}

[[noreturn]] inline __attribute__((noinline)) void a2a3sim_refuse(const char* file, int line,
                                                                  uint64_t bytes, uint64_t place,
                                                                  uint64_t size) {
    throw std::out_of_range("TASSIGN at " + std::string(file) + ":" + std::to_string(line) +
                            " places a tile of " + std::to_string(bytes) + " bytes at offset " +
                            std::to_string(place) + " of a memory of " + std::to_string(size) +
                            " bytes; --sim-core-memory names the chip");
}

/// A tile that was placed beyond the end of an array of the core would lie on others' memory.
template <typename T>
inline __attribute__((always_inline)) void a2a3sim_check(T& tile, uint64_t place, const char* file,
                                                         int line) {
    if constexpr (!a2a3sim_has_own_bytes<T>) {
        static const uint64_t size = a2a3sim_size_of_memory(T::Loc);
        // A place that is an address in the array, as of another tile, is where the tile is.
        const bool is_offset = reinterpret_cast<uint64_t>(&tile.data()[0]) != place;
        if (size != 0 && is_offset && (place > size || a2a3sim_bytes<T> > size - place)) {
            a2a3sim_refuse(file, line, a2a3sim_bytes<T>, place, size);
        }
    }
}

template <typename T, typename Address>
inline __attribute__((always_inline)) void a2a3sim_assign(T& object, Address address,
                                                          const char* file = __builtin_FILE(),
                                                          int line = __builtin_LINE()) {
    TASSIGN(object, address);
    if constexpr (is_tile_data_v<T>) {
        a2a3sim_check(object, static_cast<uint64_t>(address), file, line);
    }
#ifdef A2A3SIM_LOOKS_INSIDE
    if constexpr (is_tile_data_v<T>) a2a3sim_placed(object, static_cast<uint64_t>(address));
#endif
}

/// PTO ISA checks such a place when it compiles.
template <std::size_t address, typename T>
inline __attribute__((always_inline)) void a2a3sim_assign(T& tile,
                                                          const char* file = __builtin_FILE(),
                                                          int line = __builtin_LINE()) {
    TASSIGN<address>(tile);
    a2a3sim_check(tile, address, file, line);
#ifdef A2A3SIM_LOOKS_INSIDE
    a2a3sim_placed(tile, address);
#endif
}

}  // namespace pto

#define TASSIGN a2a3sim_assign
#ifdef A2A3SIM_LOOKS_INSIDE
#define TRESHAPE a2a3sim_reshape
#endif

#endif
