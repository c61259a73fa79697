#include "device/guard_pattern.h"

#include <cstring>

namespace a2a3sim {

namespace {

constexpr size_t kPatterns = 15;

uint8_t pattern_at(uintptr_t address, size_t index) {
    return address % 2 != 0 ? 0x7F : static_cast<uint8_t>(0xF0 + index % kPatterns);
}

}  // namespace

void fill_guard(uintptr_t begin, uintptr_t end, size_t index) {
    const auto even = pattern_at(0, index);
    if (begin < end && begin % 2 != 0) *reinterpret_cast<uint8_t*>(begin++) = 0x7F;
    const uint64_t word = 0x7F007F007F007F00 | even * uint64_t{0x0001000100010001};
    for (; end - begin >= sizeof word; begin += sizeof word) {
        std::memcpy(reinterpret_cast<void*>(begin), &word, sizeof word);
    }
    std::memcpy(reinterpret_cast<void*>(begin), &word, end - begin);
}

uintptr_t first_changed(uintptr_t begin, uintptr_t end, size_t index) {
    const size_t size = end - begin;
    const auto* const first = reinterpret_cast<const uint8_t*>(begin);
    const auto is_changed = [=](uintptr_t address) {
        return *reinterpret_cast<const uint8_t*>(address) != pattern_at(address, index);
    };
    // memcmp against itself, two bytes on, is the fastest test that all pairs are equal.
    const bool starts_well = size >= 2 && !is_changed(begin) && !is_changed(begin + 1);
    if (starts_well && std::memcmp(first, first + 2, size - 2) == 0) return end;
    while (begin < end && !is_changed(begin)) ++begin;
    return begin;
}

uintptr_t last_changed(uintptr_t begin, uintptr_t end, size_t index) {
    if (first_changed(begin, end, index) == end) return end;
    uintptr_t address = end - 1;
    while (*reinterpret_cast<const uint8_t*>(address) == pattern_at(address, index)) --address;
    return address;
}

}  // namespace a2a3sim
