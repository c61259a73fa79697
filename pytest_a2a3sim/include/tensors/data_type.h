// Types of elements, and numbers as the 64 bits that tasks get.
#ifndef A2A3SIM_TENSORS_DATA_TYPE_H_
#define A2A3SIM_TENSORS_DATA_TYPE_H_

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <type_traits>

enum class DataType : uint8_t {
    FLOAT32,
    FLOAT16,
    INT32,
    INT16,
    INT8,
    UINT8,
    BFLOAT16,
    INT64,
    UINT64,
    UINT16,
    UINT32,
    BOOL,
    FP8E4M3FN,
    FP8E8M0,
    FP4E2M1,  // two to a byte, which is one element
    DATA_TYPE_NUM,
};

namespace a2a3sim {

struct DataTypeFacts {
    const char* name;
    uint64_t size;  // bytes of an element
};

inline constexpr DataTypeFacts kDataTypes[] = {
    {"FLOAT32", 4}, {"FLOAT16", 2},  {"INT32", 4},     {"INT16", 2},   {"INT8", 1},
    {"UINT8", 1},   {"BFLOAT16", 2}, {"INT64", 8},     {"UINT64", 8},  {"UINT16", 2},
    {"UINT32", 4},  {"BOOL", 1},     {"FP8E4M3FN", 1}, {"FP8E8M0", 1}, {"FP4E2M1", 1},
};
static_assert(sizeof kDataTypes / sizeof *kDataTypes ==
              static_cast<size_t>(DataType::DATA_TYPE_NUM));

}  // namespace a2a3sim

/// Bytes of an element; 0 for an unknown type.
constexpr uint64_t get_element_size(DataType type) {
    return type < DataType::DATA_TYPE_NUM ? a2a3sim::kDataTypes[static_cast<size_t>(type)].size : 0;
}

constexpr const char* get_dtype_name(DataType type) {
    return type < DataType::DATA_TYPE_NUM ? a2a3sim::kDataTypes[static_cast<size_t>(type)].name
                                          : "UNKNOWN";
}

template <typename T>
inline constexpr bool is_supported_scalar_arg_v =
    std::is_arithmetic_v<std::remove_cv_t<std::remove_reference_t<T>>> ||
    std::is_enum_v<std::remove_cv_t<std::remove_reference_t<T>>>;

/// The bytes of a value, followed by zeros.
template <typename T>
inline uint64_t to_u64(T value) {
    static_assert(sizeof(T) <= sizeof(uint64_t) && std::is_trivially_copyable_v<T>,
                  "to_u64: a number of at most 8 bytes");
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof value);
    return bits;
}

/// The value whose bytes come first.
template <typename T>
inline T from_u64(uint64_t bits) {
    static_assert(sizeof(T) <= sizeof(uint64_t) && std::is_trivially_copyable_v<T>,
                  "from_u64: a number of at most 8 bytes");
    T value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif  // A2A3SIM_TENSORS_DATA_TYPE_H_
