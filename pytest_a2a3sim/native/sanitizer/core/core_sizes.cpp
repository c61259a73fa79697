#include "sanitizer/core/core_sizes.h"

#include <cstdlib>
#include <iterator>
#include <string>

namespace a2a3sim {

namespace {

constexpr uint64_t kKiB = 1024;

constexpr uint64_t kSizes[][A2A3_SPACE_GM] = {
    {192 * kKiB, 512 * kKiB, 64 * kKiB, 64 * kKiB, 128 * kKiB, 0, 0},
    {256 * kKiB, 512 * kKiB, 64 * kKiB, 64 * kKiB, 256 * kKiB, 0, 0},
    {0, 0, 0, 0, 0, 0, 0},
};

}  // namespace

uint64_t core_memory_size(int32_t memory, int32_t space) {
    return space < 0 || space >= A2A3_SPACE_GM ? 0 : kSizes[memory][static_cast<size_t>(space)];
}

void offer_core_memory_sizes(int32_t memory, bool is_sanitized) {
    const uint64_t room = is_sanitized ? 1024 * kKiB : 0;
    constexpr const char* kNames[] = {"UB", "L1", "L0A", "L0B", "L0C"};
    for (int32_t space = 0; space < static_cast<int32_t>(std::size(kNames)); ++space) {
        const uint64_t size = core_memory_size(memory, space);
        const std::string name = std::string("PTO_CPU_SIM_") + kNames[space] + "_BYTES";
        if (size != 0) setenv(name.c_str(), std::to_string(size + room).c_str(), 0);
    }
}

}  // namespace a2a3sim
