// How many dimensions a tensor has, and dimensions as 64-bit numbers.
#ifndef A2A3SIM_TENSORS_DIMS_H_
#define A2A3SIM_TENSORS_DIMS_H_

#include <stdint.h>

#include <stdexcept>
#include <string>

constexpr int MAX_TENSOR_DIMS = 5;
constexpr int RUNTIME_MAX_TENSOR_DIMS = MAX_TENSOR_DIMS;

namespace a2a3sim {

/// Shapes and offsets had 64 bits until the middle of March 2026. Throws std::logic_error for more
/// dimensions than a descriptor has, and for what it cannot hold.
struct Dims {
    uint32_t values[MAX_TENSOR_DIMS];

    Dims(const uint64_t wide[], uint64_t count) : values{} {
        if (count > MAX_TENSOR_DIMS) {
            throw std::logic_error(std::to_string(count) + " dimensions; a descriptor has " +
                                   std::to_string(MAX_TENSOR_DIMS));
        }
        for (uint64_t i = 0; i < count; ++i) {
            if (wide[i] > UINT32_MAX) {
                throw std::logic_error("a shape or an offset is " + std::to_string(wide[i]) +
                                       "; a descriptor holds 32 bits");
            }
            values[i] = static_cast<uint32_t>(wide[i]);
        }
    }
};

}  // namespace a2a3sim

#endif  // A2A3SIM_TENSORS_DIMS_H_
