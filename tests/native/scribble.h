// Random and structured bytes over the memory that a process shares with others.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>

/// Writes over each of the calling process's shared mappings of no file that has a name, as the
/// seed says; also over those that are not writable, if `forced`. Returns how many it wrote over.
inline int scribble(uint64_t seed, bool forced) {
    std::mt19937_64 random(seed);
    const bool claims = seed % 5 == 0;  // that tables are long, and nothing else
    constexpr uint64_t kNumbers[] = {0,          1,          2,          6,          7,
                                     9,          0x7f,       0xff,       0x7fffffff, 0x80000000,
                                     0xffffffff, 0x3fffffff, 1ull << 40, 1ull << 63, ~0ull};
    FILE* const maps = std::fopen("/proc/self/maps", "r");
    if (maps == nullptr) return 0;
    char line[512];
    int count = 0;
    while (std::fgets(line, sizeof line, maps) != nullptr) {
        unsigned long begin = 0;
        unsigned long end = 0;
        char kind[8];
        if (std::sscanf(line, "%lx-%lx %7s", &begin, &end, kind) != 3 || kind[3] != 's') continue;
        const bool is_engines =
            std::strstr(line, "/dev/zero") != nullptr || std::strstr(line, "/memfd:") != nullptr;
        if (!is_engines) continue;
        auto* const memory = reinterpret_cast<uint8_t*>(begin);
        // What is used lies at the beginning of most of them.
        const uint64_t size = std::min<uint64_t>(end - begin, random() % 2 == 0 ? 256 : 24 << 10);
        if (kind[1] != 'w') {
            if (!forced || mprotect(memory, size, PROT_READ | PROT_WRITE) != 0) continue;
        }
        ++count;
        if (claims) {
            const uint64_t number = (1ull << 30 >> seed / 5 % 8) - 1;
            std::memcpy(memory, &number, sizeof number);
            continue;
        }
        const uint64_t words = size / sizeof(uint32_t);
        switch (random() % 4) {
            case 0:  // a run of one byte
                std::memset(memory, static_cast<int>(random() % 256), size);
                break;
            case 1:  // noise
                for (uint64_t i = 0; i < size; ++i) memory[i] = static_cast<uint8_t>(random());
                break;
            default:  // a few numbers here and there
                for (int i = 0; i < 24; ++i) {
                    const uint64_t number = kNumbers[random() % (sizeof kNumbers / 8)];
                    const uint64_t index = random() % (random() % 2 == 0 ? 32 : words - 1);
                    std::memcpy(memory + index * sizeof(uint32_t), &number,
                                random() % 2 == 0 ? 4 : 8);
                }
        }
    }
    std::fclose(maps);
    return count;
}
