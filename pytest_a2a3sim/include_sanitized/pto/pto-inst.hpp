// Stands before PTO ISA's header of this name: where tiles lie in a core's memories is told.
#ifndef A2A3SIM_PTO_INST_HPP
#define A2A3SIM_PTO_INST_HPP

#include <pto/common/type.hpp>

#include <pto/common/cpu_stub.hpp>

#include_next <pto/pto-inst.hpp>

#include <cstdint>
#include <type_traits>
#include <utility>

extern "C" __attribute__((visibility("hidden"))) void a2a3sim_place(const a2a3_tile* tile);

namespace pto {

/// Whether tiles have arrays of their own for elements.
template <typename T>
inline constexpr bool a2a3sim_has_own_bytes =
    std::is_array_v<std::remove_reference_t<decltype(std::declval<T&>().data())>>;

template <typename T>
inline __attribute__((always_inline)) uint64_t a2a3sim_address_of(T& tile) {
    return reinterpret_cast<uint64_t>(&tile.data()[0]);
}

template <typename T>
inline __attribute__((always_inline)) void a2a3sim_tell(T& tile, uint64_t place) {
    const a2a3_tile told{a2a3sim_address_of(tile), sizeof(typename T::DType) * T::Rows * T::Cols,
                         place, static_cast<int32_t>(T::Loc), a2a3sim_has_own_bytes<T> ? 1 : 0};
    a2a3sim_place(&told);
}

template <typename T, typename Address>
inline __attribute__((always_inline)) void a2a3sim_assign(T& object, Address address) {
    TASSIGN(object, address);
    if constexpr (is_tile_data_v<T>) a2a3sim_tell(object, static_cast<uint64_t>(address));
}

template <std::size_t address, typename T>
inline __attribute__((always_inline)) void a2a3sim_assign(T& object) {
    a2a3sim_assign(object, address);
}

/// On a device both are the same memory.
template <typename To, typename From, typename... Events>
inline __attribute__((always_inline)) auto a2a3sim_reshape(To& to, From& from, Events&... events) {
    if constexpr (a2a3sim_has_own_bytes<To>) a2a3sim_tell(to, a2a3sim_address_of(from));
    return TRESHAPE(to, from, events...);
}

}  // namespace pto

#define TASSIGN a2a3sim_assign
#define TRESHAPE a2a3sim_reshape

#endif
