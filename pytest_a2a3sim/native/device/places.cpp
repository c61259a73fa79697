#include "device/places.h"

#include <algorithm>

namespace a2a3sim {

namespace {

constexpr uint64_t kNullZone = 64 << 10;

/// How far from a buffer an address still is next to it.
constexpr uint64_t kNear = DeviceMemory::kGuardSize;

bool points_into(const DeviceBuffer& buffer, const uint64_t* args, int arg_count) {
    return std::any_of(args, args + arg_count, [&](uint64_t value) {
        return value >= buffer.begin && value <= buffer.end();
    });
}

a2a3_place in_buffer(const DeviceBuffer& buffer, size_t index, uint64_t address) {
    const bool inside = address >= buffer.begin && address < buffer.end();
    a2a3_place place{};
    place.kind = !inside            ? A2A3_PLACE_NEAR_BUFFER
                 : buffer.live != 0 ? A2A3_PLACE_BUFFER
                                    : A2A3_PLACE_FREED_BUFFER;
    place.tensor = -1;
    place.buffer = static_cast<int64_t>(index);
    place.call = buffer.call;
    place.size = buffer.size;
    place.offset = static_cast<int64_t>(address - buffer.begin);
    return place;
}

a2a3_place in_tensor(const HostTensor& tensor, size_t index, uint64_t address) {
    a2a3_place place{};
    place.tensor = static_cast<int32_t>(index);
    place.buffer = -1;
    place.size = tensor.nbytes;
    place.offset = static_cast<int64_t>(address - reinterpret_cast<uint64_t>(tensor.data));
    place.kind = place.offset < static_cast<int64_t>(tensor.nbytes) ? A2A3_PLACE_TENSOR
                                                                    : A2A3_PLACE_NEAR_TENSOR;
    return place;
}

}  // namespace

a2a3_place find_place(uint64_t address, const std::vector<DeviceBuffer>& buffers,
                      const HostWindow& window, const std::vector<HostTensor>& tensors,
                      const uint64_t* args, int arg_count) noexcept {
    a2a3_place nowhere{};
    nowhere.tensor = -1;
    nowhere.buffer = -1;
    if (address < kNullZone) {
        nowhere.kind = A2A3_PLACE_NULL;
        return nowhere;
    }
    if (window.contains(reinterpret_cast<const void*>(address))) {
        for (size_t i = tensors.size(); i-- > 0;) {
            if (reinterpret_cast<uint64_t>(tensors[i].data) <= address) {
                return in_tensor(tensors[i], i, address);
            }
        }
        return nowhere;
    }
    const auto next =
        static_cast<size_t>(std::upper_bound(buffers.begin(), buffers.end(), address,
                                             [](uint64_t value, const DeviceBuffer& buffer) {
                                                 return value < buffer.begin;
                                             }) -
                            buffers.begin());
    const bool has_previous = next > 0;
    if (has_previous && address < buffers[next - 1].end()) {
        return in_buffer(buffers[next - 1], next - 1, address);
    }
    const uint64_t past = has_previous ? address - buffers[next - 1].end() : UINT64_MAX;
    const uint64_t before = next < buffers.size() ? buffers[next].begin - address : UINT64_MAX;
    const bool near_previous = past < kNear;
    const bool near_next = before <= kNear;
    if (!near_previous && !near_next) return nowhere;
    bool take_next = !near_previous || (near_next && before <= past);
    if (near_previous && near_next) {
        const bool previous_given = points_into(buffers[next - 1], args, arg_count);
        const bool next_given = points_into(buffers[next], args, arg_count);
        if (previous_given != next_given) take_next = next_given;
    }
    const size_t index = take_next ? next : next - 1;
    return in_buffer(buffers[index], index, address);
}

}  // namespace a2a3sim
