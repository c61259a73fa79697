#include "orders/hidden_addresses.h"

#include <algorithm>
#include <cstring>

namespace a2a3sim {

namespace {

constexpr size_t kMostOfTable = size_t{1} << 20;
constexpr size_t kBlock = 1024;  // words that are looked at together

uint32_t upper_half(uint64_t address) { return static_cast<uint32_t>(address >> 32); }

/// The upper halves of device addresses in use, and perhaps a few others.
class UpperHalves {
  public:
    explicit UpperHalves(const DeviceMemory& memory) : first_(upper_half(memory.begin())) {
        const uint32_t others = upper_half(memory.begin() + memory.used_size()) - first_;
        while (others_ < others) others_ = others_ << 1 | 1;
    }

    bool has(uint64_t value) const { return ((value - first_) & ~uint64_t{others_}) == 0; }

    /// Whether one of the words may be one.
    bool may_have(const char* words, size_t count) const {
        const Words first = Words{} + first_;
        const Words same = Words{} + ~others_;
        Found found{};
        size_t done = 0;
        for (; count - done >= kAtOnce; done += kAtOnce) {
            Words some;
            std::memcpy(&some, words + done * sizeof(uint32_t), sizeof some);
            found |= ((some - first) & same) == 0;
        }
        // The last few, behind the highest value that is none.
        Words last = first + others_ + 1;
        std::memcpy(&last, words + done * sizeof(uint32_t), (count - done) * sizeof(uint32_t));
        found |= ((last - first) & same) == 0;
        return (found[0] | found[1] | found[2] | found[3]) != 0;
    }

  private:
    static constexpr size_t kAtOnce = 4;
    using Words = uint32_t __attribute__((vector_size(kAtOnce * sizeof(uint32_t))));
    using Found = int32_t __attribute__((vector_size(kAtOnce * sizeof(uint32_t))));

    const uint32_t first_;
    uint32_t others_ = 0;  // bits by which they differ
};

bool is_in_live_buffer(const DeviceMemory& memory, uint64_t address) {
    if (!memory.contains(address)) return false;
    const ptrdiff_t found = memory.find(address);
    if (found < 0) return false;
    const DeviceBuffer& buffer = memory.buffer(static_cast<size_t>(found));
    return buffer.live != 0 && address < buffer.end();
}

}  // namespace

bool holds_addresses(const DeviceMemory& memory) {
    const UpperHalves halves(memory);
    for (size_t index = 0; index < memory.buffer_count(); ++index) {
        const DeviceBuffer& buffer = memory.buffer(index);
        if (buffer.live == 0 || buffer.size > kMostOfTable) continue;
        const char* const bytes = reinterpret_cast<const char*>(buffer.begin);
        const size_t words = buffer.size / sizeof(uint32_t);
        for (size_t first = 0; first < words; first += kBlock) {
            const size_t end = std::min(words, first + kBlock);
            if (!halves.may_have(bytes + first * sizeof(uint32_t), end - first)) continue;
            for (size_t upper = std::max<size_t>(first, 1); upper < end; ++upper) {
                uint64_t value = 0;
                std::memcpy(&value, bytes + (upper - 1) * sizeof(uint32_t), sizeof value);
                if (is_in_live_buffer(memory, value)) return true;
            }
        }
    }
    return false;
}

bool has_odd_addresses(const Graph& graph, const DeviceMemory& memory) {
    const UpperHalves halves(memory);
    return std::any_of(graph.args.begin(), graph.args.end(), [&](uint64_t value) {
        return halves.has(value) || (memory.contains(value) && !is_in_live_buffer(memory, value));
    });
}

}  // namespace a2a3sim
