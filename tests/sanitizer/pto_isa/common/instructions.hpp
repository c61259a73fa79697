// The tile instructions that tests use. TASSIGN and TRESHAPE depend on where tiles have their
// bytes.
#ifndef PTO_STAND_IN_INSTRUCTIONS_HPP
#define PTO_STAND_IN_INSTRUCTIONS_HPP

#include <cmath>
#include <cstdint>

namespace pto {

/// What an instruction returns, and a later one takes to wait for it.
struct RecordEvent {};

template <typename T>
PTO_INTERNAL typename T::DType& element(T& tile, int row, int col) {
    return tile.data()[row * T::Cols + col];
}

template <typename T>
PTO_INTERNAL typename T::DType& global_element(T& tensor, int row, int col) {
    return tensor.data()[row * T::Stride::staticStride[3] + col * T::Stride::staticStride[4]];
}

#define PTO_FOR_EACH_ELEMENT(T)                 \
    for (int row = 0; row < T::ValidRow; ++row) \
        for (int col = 0; col < T::ValidCol; ++col)

template <typename To, typename From>
PTO_INTERNAL void TLOAD_IMPL(To& to, From& from) {
    PTO_FOR_EACH_ELEMENT(To) element(to, row, col) = global_element(from, row, col);
}

template <typename To, typename From>
PTO_INTERNAL void TSTORE_IMPL(To& to, From& from) {
    PTO_FOR_EACH_ELEMENT(From) global_element(to, row, col) = element(from, row, col);
}

template <typename To, typename A, typename B>
PTO_INTERNAL void TADD_IMPL(To& to, A& a, B& b) {
    PTO_FOR_EACH_ELEMENT(To) element(to, row, col) = element(a, row, col) + element(b, row, col);
}

template <typename To, typename A, typename B>
PTO_INTERNAL void TMUL_IMPL(To& to, A& a, B& b) {
    PTO_FOR_EACH_ELEMENT(To) element(to, row, col) = element(a, row, col) * element(b, row, col);
}

template <typename To, typename From>
PTO_INTERNAL void TADDS_IMPL(To& to, From& from, typename From::DType scalar) {
    PTO_FOR_EACH_ELEMENT(To) element(to, row, col) = element(from, row, col) + scalar;
}

template <typename To>
PTO_INTERNAL void TEXPANDS_IMPL(To& to, typename To::DType scalar) {
    PTO_FOR_EACH_ELEMENT(To) element(to, row, col) = scalar;
}

template <typename To, typename From>
PTO_INTERNAL void TEXP_IMPL(To& to, From& from) {
    PTO_FOR_EACH_ELEMENT(To) element(to, row, col) = std::exp(element(from, row, col));
}

template <typename To, typename From>
PTO_INTERNAL void TEXTRACT_IMPL(To& to, From& from, int first_row, int first_col) {
    PTO_FOR_EACH_ELEMENT(To)
    element(to, row, col) = element(from, first_row + row, first_col + col);
}

template <typename To, typename From>
PTO_INTERNAL void TMOV_IMPL(To& to, From& from) {
    TEXTRACT_IMPL(to, from, 0, 0);
}

template <typename Acc, typename Left, typename Right>
PTO_INTERNAL typename Acc::DType dot(Left& left, Right& right, int row, int col) {
    typename Acc::DType sum = 0;
    for (int k = 0; k < Left::ValidCol; ++k) sum += element(left, row, k) * element(right, k, col);
    return sum;
}

template <typename Acc, typename Left, typename Right>
PTO_INTERNAL void TMATMUL_IMPL(Acc& acc, Left& left, Right& right) {
    PTO_FOR_EACH_ELEMENT(Acc) element(acc, row, col) = dot<Acc>(left, right, row, col);
}

template <typename Acc, typename Left, typename Right>
PTO_INTERNAL void TMATMUL_ACC_IMPL(Acc& to, Acc& from, Left& left, Right& right) {
    PTO_FOR_EACH_ELEMENT(Acc)
    element(to, row, col) = element(from, row, col) + dot<Acc>(left, right, row, col);
}

#undef PTO_FOR_EACH_ELEMENT

template <typename... Events>
PTO_INST void TSYNC(Events&... events) {
    (static_cast<void>(events), ...);
}

template <typename To, typename From, typename... Events>
PTO_INST RecordEvent TLOAD(To& to, From& from, Events&... events) {
    TSYNC(events...);
    TLOAD_IMPL(to, from);
    return {};
}

template <typename From, typename To, typename... Events>
PTO_INST RecordEvent TSTORE(To& to, From& from, Events&... events) {
    TSYNC(events...);
    TSTORE_IMPL(to, from);
    return {};
}

template <typename To, typename A, typename B, typename... Events>
PTO_INST RecordEvent TADD(To& to, A& a, B& b, Events&... events) {
    TSYNC(events...);
    TADD_IMPL(to, a, b);
    return {};
}

template <typename To, typename A, typename B, typename... Events>
PTO_INST RecordEvent TMUL(To& to, A& a, B& b, Events&... events) {
    TSYNC(events...);
    TMUL_IMPL(to, a, b);
    return {};
}

template <typename To, typename From, typename... Events>
PTO_INST RecordEvent TADDS(To& to, From& from, typename From::DType scalar, Events&... events) {
    TSYNC(events...);
    TADDS_IMPL(to, from, scalar);
    return {};
}

template <typename To, typename... Events>
PTO_INST RecordEvent TEXPANDS(To& to, typename To::DType scalar, Events&... events) {
    TSYNC(events...);
    TEXPANDS_IMPL(to, scalar);
    return {};
}

template <typename To, typename From, typename... Events>
PTO_INST RecordEvent TEXP(To& to, From& from, Events&... events) {
    TSYNC(events...);
    TEXP_IMPL(to, from);
    return {};
}

template <typename To, typename From, typename... Events>
PTO_INST RecordEvent TEXTRACT(To& to, From& from, uint16_t row = 0, uint16_t col = 0,
                              Events&... events) {
    TSYNC(events...);
    TEXTRACT_IMPL(to, from, row, col);
    return {};
}

template <typename To, typename From, typename... Events>
PTO_INST RecordEvent TMOV(To& to, From& from, Events&... events) {
    TSYNC(events...);
    TMOV_IMPL(to, from);
    return {};
}

template <typename Acc, typename Left, typename Right, typename... Events>
PTO_INST RecordEvent TMATMUL(Acc& acc, Left& left, Right& right, Events&... events) {
    TSYNC(events...);
    TMATMUL_IMPL(acc, left, right);
    return {};
}

template <typename Acc, typename Left, typename Right, typename... Events>
PTO_INST RecordEvent TMATMUL_ACC(Acc& to, Acc& from, Left& left, Right& right, Events&... events) {
    TSYNC(events...);
    TMATMUL_ACC_IMPL(to, from, left, right);
    return {};
}

template <typename To, typename From, typename... Events>
PTO_INST RecordEvent TRESHAPE(To& to, From& from, Events&... events) {
    TSYNC(events...);
    TRESHAPE_IMPL(to, from);
    return {};
}

}  // namespace pto

#endif
