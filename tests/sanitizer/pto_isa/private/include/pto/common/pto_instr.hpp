// Tiles have bytes of their own: no place is any tile's, and a view is a copy.
#ifndef PTO_STAND_IN_INSTR_HPP
#define PTO_STAND_IN_INSTR_HPP

#include <pto/common/pto_tile.hpp>

namespace pto {

template <typename T, typename Address>
PTO_INTERNAL void TASSIGN_IMPL(T& object, Address address) {
    if constexpr (is_global_data_v<T>) object.SetAddr(address);
}

template <typename T, typename Address>
PTO_INST void TASSIGN(T& object, Address address) {
    TASSIGN_IMPL(object, address);
}

template <typename To, typename From>
PTO_INTERNAL void TRESHAPE_IMPL(To& to, From& from) {
    static_assert(To::Loc == From::Loc);
    static_assert(sizeof(to.data()) == sizeof(from.data()));
    auto* const target = reinterpret_cast<unsigned char*>(to.data());
    const auto* const source = reinterpret_cast<const unsigned char*>(from.data());
    for (std::size_t i = 0; i < sizeof(to.data()); ++i) target[i] = source[i];
}

}  // namespace pto

#include "../../../../common/instructions.hpp"

#endif
