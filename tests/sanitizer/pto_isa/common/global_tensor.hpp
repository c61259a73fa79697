// Matrices in global memory, and what tells tensors and tiles apart.
#ifndef PTO_STAND_IN_GLOBAL_TENSOR_HPP
#define PTO_STAND_IN_GLOBAL_TENSOR_HPP

#include <cstdint>
#include <type_traits>

namespace pto {

template <int64_t A, int64_t B, int64_t C, int64_t D, int64_t E>
struct Shape {
    static constexpr int64_t staticShape[5] = {A, B, C, D, E};
};

template <int64_t A, int64_t B, int64_t C, int64_t D, int64_t E>
struct Stride {
    static constexpr int64_t staticStride[5] = {A, B, C, D, E};
};

/// Of its five dimensions the last two count: rows and columns.
template <typename Element_, typename Shape_, typename Stride_>
struct GlobalTensor {
    using Shape = Shape_;
    using Stride = Stride_;
    using DType = Element_;

    PTO_INTERNAL GlobalTensor() = default;
    PTO_INTERNAL explicit GlobalTensor(DType* data) : data_(data) {}

    AICORE DType* data() { return data_; }
    AICORE void SetAddr(DType* data) { data_ = data; }

  private:
    DType* data_ = nullptr;
};

template <typename T>
struct is_global : std::false_type {};
template <typename Element, typename Shape, typename Stride>
struct is_global<GlobalTensor<Element, Shape, Stride>> : std::true_type {};

template <typename T>
constexpr bool is_global_data_v = is_global<T>::value;

}  // namespace pto

#endif
