#include "runtime/descriptors.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace a2a3sim {

bool Descriptors::are_equal(const Tensor& a, const Tensor& b) {
    uint64_t words[2][sizeof(Tensor) / sizeof(uint64_t)];
    std::memcpy(words[0], &a, sizeof a);
    std::memcpy(words[1], &b, sizeof b);
    uint64_t difference = 0;
    for (size_t i = 0; i < std::size(words[0]); ++i) difference |= words[0][i] ^ words[1][i];
    return difference == 0;
}

/// Parts of one buffer differ in where they begin.
uint32_t Descriptors::hash_of(const Tensor& tensor) {
    const uint64_t key = tensor.buffer.addr + tensor.start_offset * 0x9e3779b97f4a7c15;
    return static_cast<uint32_t>(key * 0xbf58476d1ce4e5b9 >> 32);
}

void Descriptors::remember(const Slot& slot) {
    Slot* const set = set_of(slot.hash);
    Slot* const free = std::find_if(set, set + kSetSize, [](Slot its) { return its.shared == 0; });
    // One of a full set is forgotten: its descriptor is not shared any more.
    *(free != set + kSetSize ? free : set + slot.shared % kSetSize) = slot;
}

void Descriptors::grow() {
    const std::vector<Slot> before = std::exchange(slots_, std::vector<Slot>(2 * slots_.size()));
    for (const Slot& slot : before) {
        if (slot.shared != 0) remember(slot);
    }
}

Tensor* Descriptors::share(const Tensor& tensor) {
    const uint32_t hash = hash_of(tensor);
    const Slot* const set = set_of(hash);
    for (size_t i = 0; i < kSetSize && set[i].shared != 0; ++i) {
        if (set[i].hash != hash) continue;
        Tensor* const found = &tensors_[set[i].shared - 1];
        if (are_equal(*found, tensor)) return found;
    }
    Tensor* const made = add(tensor);
    if (++remembered_ > slots_.size() / 2 && slots_.size() < kMostSlots) grow();
    remember({hash, static_cast<uint32_t>(tensors_.size())});
    return made;
}

}  // namespace a2a3sim
