// The core types of an Ascend a2/a3 device: cube (AIC) and vector (AIV).
#ifndef A2A3SIM_COMMON_CORE_TYPE_H_
#define A2A3SIM_COMMON_CORE_TYPE_H_

#include <cstring>

enum class CoreType : int {
    AIC = 0,
    AIV = 1,
};

/// "aic"/"AIC" or "aiv"/"AIV"; anything else, nullptr included, is AIC.
inline CoreType core_type_from_string(const char* name) {
    const bool is_aiv =
        name != nullptr && (std::strcmp(name, "aiv") == 0 || std::strcmp(name, "AIV") == 0);
    return is_aiv ? CoreType::AIV : CoreType::AIC;
}

inline const char* core_type_to_string(CoreType core_type) {
    switch (core_type) {
        case CoreType::AIC:
            return "AIC";
        case CoreType::AIV:
            return "AIV";
    }
    return "UNKNOWN";
}

#endif  // A2A3SIM_COMMON_CORE_TYPE_H_
