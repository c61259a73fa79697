// Tiles lie in arrays of the core: a place is an offset there, and a view is the same bytes.
#ifndef PTO_STAND_IN_INSTR_HPP
#define PTO_STAND_IN_INSTR_HPP

#include <pto/common/pto_tile.hpp>
#include <pto/cpu/NPUMemoryModel.hpp>

namespace pto {

template <typename T, typename Address>
PTO_INTERNAL void TASSIGN_IMPL(T& object, Address address) {
    if constexpr (is_tile_data_v<T>) {
        static_assert(std::is_integral_v<Address>);
        const auto place = static_cast<std::uintptr_t>(address);
        object.assignData(NPUMemoryModel::Instance().resolve<T>(place));
    } else {
        object.SetAddr(address);
    }
}

template <typename T, typename Address>
PTO_INST void TASSIGN(T& object, Address address) {
    TASSIGN_IMPL(object, address);
}

template <std::size_t address, typename T>
PTO_INST std::enable_if_t<is_tile_data_v<T>> TASSIGN(T& object) {
    TASSIGN(object, address);
}

template <typename To, typename From>
PTO_INTERNAL void TRESHAPE_IMPL(To& to, From& from) {
    static_assert(To::Loc == From::Loc);
    to.data() = reinterpret_cast<typename To::DType*>(from.data());
}

}  // namespace pto

#include "../../../../common/instructions.hpp"

#endif
