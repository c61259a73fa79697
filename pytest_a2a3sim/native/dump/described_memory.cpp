#include "dump/described_memory.h"

#include <algorithm>

namespace a2a3sim {

DescribedMemory::DescribedMemory(const DeviceMemory& memory,
                                 const std::vector<a2a3_description>& descriptions)
    : memory_(memory), descriptions_(descriptions) {
    for (size_t i = 0; i < descriptions.size(); ++i) {
        const a2a3_description& each = descriptions[i];
        const uint64_t begin = memory.buffer(static_cast<size_t>(each.buffer)).begin + each.offset;
        entries_.push_back(Entry{begin, each.size, static_cast<int32_t>(i)});
        largest_ = std::max(largest_, each.size);
    }
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const Entry& a, const Entry& b) { return a.begin < b.begin; });
}

bool DescribedMemory::find(uint64_t address, DescribedRange& range) const {
    const ptrdiff_t index = memory_.find(address);
    if (index < 0) return false;
    const auto number = static_cast<size_t>(index);
    const DeviceBuffer& buffer = memory_.buffer(number);
    if (buffer.live == 0 || address - buffer.begin >= buffer.size) return false;
    range = {number, 0, buffer.size, -1};
    const auto behind =
        std::upper_bound(entries_.begin(), entries_.end(), address,
                         [](uint64_t value, const Entry& entry) { return value < entry.begin; });
    for (auto entry = behind; entry != entries_.begin();) {
        --entry;
        if (address - entry->begin >= largest_) break;
        if (address - entry->begin >= entry->size) continue;
        if (range.description >= 0 && entry->size >= range.size) continue;
        range.description = entry->description;
        range.offset = descriptions_[static_cast<size_t>(entry->description)].offset;
        range.size = entry->size;
    }
    return true;
}

std::vector<a2a3_description> descriptions_of(const std::vector<DeviceCopy>& copies,
                                              const std::vector<size_t>& tensor_sizes,
                                              const DeviceMemory& memory) {
    std::vector<a2a3_description> made;
    for (const DeviceCopy& copy : copies) {
        if (copy.tensor < 0 || copy.offset != 0 || copy.size == 0 ||
            copy.size != tensor_sizes[static_cast<size_t>(copy.tensor)]) {
            continue;
        }
        a2a3_description description{};
        const size_t buffer = memory.buffer_at(reinterpret_cast<const void*>(copy.begin));
        description.buffer = static_cast<int64_t>(buffer);
        description.offset = copy.begin - memory.buffer(buffer).begin;
        description.size = copy.size;
        description.tensor = copy.tensor;
        made.push_back(description);
    }
    return made;
}

}  // namespace a2a3sim
