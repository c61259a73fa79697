// Two tensors -> counts, largest errors, histograms, first mismatches; in one pass.
#pragma once

#include <cstdint>
#include <iterator>

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

constexpr uint64_t kDistanceBounds[] = {0, 1, 2, 4, 8, 16, 64, 256, 1024, 4096, 65536, 1048576};
constexpr double kAllowedFactors[] = {0.01, 0.1, 0.5, 1, 2, 10, 100, 1000};
constexpr int kAllowed = 3;  // of kAllowedFactors: what the tolerance itself allows

static_assert(std::size(kDistanceBounds) == A2A3_DISTANCE_BOUNDS);
static_assert(std::size(kAllowedFactors) == A2A3_ALLOWED_FACTORS);
static_assert(kAllowedFactors[kAllowed] == 1);

/// Throws std::invalid_argument for an unknown element type.
a2a3_difference compare(const a2a3_comparison& comparison);

}  // namespace a2a3sim
