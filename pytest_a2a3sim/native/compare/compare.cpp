// One pass over both tensors, in pieces that threads take in turns.
#include "compare/compare.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <stdexcept>

#include "base/threads.h"
#include "compare/comparer.h"
#include "compare/element.h"

namespace a2a3sim {

namespace {

constexpr uint64_t kPiece = kBlock * 128;  // elements that a thread takes at a time

/// The next piece of the tensors, for whoever asks.
class Pieces {
  public:
    explicit Pieces(uint64_t count) : count_(count) {}

    bool next(uint64_t& begin, uint64_t& end) {
        begin = next_.fetch_add(kPiece, std::memory_order_relaxed);
        end = std::min(begin + kPiece, count_);
        return begin < count_;
    }

  private:
    const uint64_t count_;
    std::atomic<uint64_t> next_{0};
};

template <typename Element>
[[gnu::always_inline]] inline void compare_pieces(Comparer<Element>& comparer, Pieces& pieces) {
    uint64_t begin;
    uint64_t end;
    while (pieces.next(begin, end)) comparer.compare(begin, end);
}

template <typename Element>
void compare_portably(Comparer<Element>& comparer, Pieces& pieces) {
    compare_pieces(comparer, pieces);
}

#ifdef __x86_64__
template <typename Element>
[[gnu::target("avx2,bmi,bmi2,popcnt,lzcnt")]] void compare_with_avx2(Comparer<Element>& comparer,
                                                                     Pieces& pieces) {
    compare_pieces(comparer, pieces);
}

template <typename Element>
[[gnu::target("avx512f,avx512dq,avx512bw,avx512vl,bmi,bmi2,popcnt,lzcnt,prefer-vector-width=512")]]
void compare_with_avx512(Comparer<Element>& comparer, Pieces& pieces) {
    compare_pieces(comparer, pieces);
}
#endif

/// The instantiation for the best instruction set of this machine.
template <typename Element>
auto fastest() {
#ifdef __x86_64__
    __builtin_cpu_init();
    if constexpr (Element::kFloat && sizeof(typename Element::Bits) > 1) {
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
            return &compare_with_avx512<Element>;
        }
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) {
        return &compare_with_avx2<Element>;
    }
#endif
    return &compare_portably<Element>;
}

template <typename Error>
void merge_largest(Error& largest, int64_t& index, Error other, int64_t other_index) {
    const bool replaces = other > largest || (other == largest && other_index < index);
    if (other_index < 0 || (index >= 0 && !replaces)) return;
    largest = other;
    index = other_index;
}

void merge(a2a3_census& all, const a2a3_census& part) {
    all.nan += part.nan;
    all.positive_infinity += part.positive_infinity;
    all.negative_infinity += part.negative_infinity;
}

void merge(a2a3_difference& all, const a2a3_difference& part) {
    all.differing += part.differing;
    all.mismatched += part.mismatched;
    all.undefined += part.undefined;
    merge_largest(all.max_absolute, all.max_absolute_index, part.max_absolute,
                  part.max_absolute_index);
    merge_largest(all.max_relative, all.max_relative_index, part.max_relative,
                  part.max_relative_index);
    merge_largest(all.max_distance, all.max_distance_index, part.max_distance,
                  part.max_distance_index);
    merge(all.actual, part.actual);
    merge(all.expected, part.expected);
    for (int i = 0; i < A2A3_DISTANCE_BOUNDS; ++i)
        all.beyond_distance[i] += part.beyond_distance[i];
    for (int i = 0; i < A2A3_ALLOWED_FACTORS; ++i) all.beyond_allowed[i] += part.beyond_allowed[i];
    int64_t first[2 * A2A3_FIRST_MISMATCHES];
    int64_t* const end = std::merge(all.first, all.first + all.first_count, part.first,
                                    part.first + part.first_count, first);
    all.first_count = static_cast<int32_t>(std::min<int64_t>(A2A3_FIRST_MISMATCHES, end - first));
    std::copy_n(first, all.first_count, all.first);
}

template <typename Element>
a2a3_difference compare_elements(const Element& element, const a2a3_comparison& comparison) {
    Pieces pieces(comparison.count);
    a2a3_difference all = nothing_found();
    std::mutex mutex;
    const auto work = [&] {
        Comparer<Element> comparer(element, comparison);
        fastest<Element>()(comparer, pieces);
        const std::scoped_lock lock(mutex);
        merge(all, comparer.found());
    };
    const uint64_t useful = (comparison.count + kPiece - 1) / kPiece;
    const uint64_t wanted = static_cast<uint64_t>(std::max(comparison.thread_count, 1));
    run_on_threads(std::min(useful, wanted), work);
    return all;
}

}  // namespace

a2a3_difference compare(const a2a3_comparison& comparison) {
    switch (comparison.element) {
        case A2A3_FLOAT64:
            return compare_elements(Float64{}, comparison);
        case A2A3_FLOAT32:
            return compare_elements(Float32{}, comparison);
        case A2A3_FLOAT16:
            return compare_elements(Float16{}, comparison);
        case A2A3_BFLOAT16:
            return compare_elements(BFloat16{}, comparison);
        case A2A3_FLOAT8:
            return compare_elements(Float8(comparison.values), comparison);
        case A2A3_BOOL:
            return compare_elements(Bool{}, comparison);
        case A2A3_INT8:
            return compare_elements(Integer<int8_t>{}, comparison);
        case A2A3_INT16:
            return compare_elements(Integer<int16_t>{}, comparison);
        case A2A3_INT32:
            return compare_elements(Integer<int32_t>{}, comparison);
        case A2A3_INT64:
            return compare_elements(Integer<int64_t>{}, comparison);
        case A2A3_UINT8:
            return compare_elements(Integer<uint8_t>{}, comparison);
        case A2A3_UINT16:
            return compare_elements(Integer<uint16_t>{}, comparison);
        case A2A3_UINT32:
            return compare_elements(Integer<uint32_t>{}, comparison);
        case A2A3_UINT64:
            return compare_elements(Integer<uint64_t>{}, comparison);
        default:
            throw std::invalid_argument("a comparison of an unknown element type");
    }
}

}  // namespace a2a3sim
