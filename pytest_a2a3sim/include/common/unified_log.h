// LOG_ERROR, LOG_WARN, LOG_INFO and LOG_DEBUG for orchestrations and kernels.
//
// Lines go to stderr as "[LEVEL] function: message". PTO_LOG_LEVEL (error, warn, info or debug;
// info where it is unset) says which are written; LOG_ALWAYS ignores it.
#ifndef A2A3SIM_COMMON_UNIFIED_LOG_H_
#define A2A3SIM_COMMON_UNIFIED_LOG_H_

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace a2a3sim {

enum class LogLevel : int { Always, Error, Warn, Info, Debug };

inline LogLevel log_threshold() {
    static const LogLevel threshold = [] {
        const char* name = std::getenv("PTO_LOG_LEVEL");
        if (name == nullptr) return LogLevel::Info;
        if (std::strcmp(name, "error") == 0) return LogLevel::Error;
        if (std::strcmp(name, "warn") == 0) return LogLevel::Warn;
        if (std::strcmp(name, "debug") == 0) return LogLevel::Debug;
        return LogLevel::Info;
    }();
    return threshold;
}

/// One fprintf a line, so that lines of concurrent threads do not mix.
inline void write_log_line(LogLevel level, const char* tag, const char* function,
                           const char* format, va_list values) {
    if (level > log_threshold()) return;
    char message[2048];
    std::vsnprintf(message, sizeof message, format, values);
    std::fprintf(stderr, "[%s] %s: %s\n", tag, function, message);
}

}  // namespace a2a3sim

#define A2A3SIM_DEFINE_LOG_FUNCTION(name, level, tag)                                     \
    extern "C" inline __attribute__((format(printf, 2, 3))) void unified_log_##name(      \
        const char* function, const char* format, ...) {                                  \
        va_list values;                                                                   \
        va_start(values, format);                                                         \
        a2a3sim::write_log_line(a2a3sim::LogLevel::level, tag, function, format, values); \
        va_end(values);                                                                   \
    }

A2A3SIM_DEFINE_LOG_FUNCTION(error, Error, "ERROR")
A2A3SIM_DEFINE_LOG_FUNCTION(warn, Warn, "WARN")
A2A3SIM_DEFINE_LOG_FUNCTION(info, Info, "INFO")
A2A3SIM_DEFINE_LOG_FUNCTION(debug, Debug, "DEBUG")
A2A3SIM_DEFINE_LOG_FUNCTION(always, Always, "ALWAYS")

#undef A2A3SIM_DEFINE_LOG_FUNCTION

#define LOG_ERROR(format, ...) unified_log_error(__FUNCTION__, format, ##__VA_ARGS__)
#define LOG_WARN(format, ...) unified_log_warn(__FUNCTION__, format, ##__VA_ARGS__)
#define LOG_INFO(format, ...) unified_log_info(__FUNCTION__, format, ##__VA_ARGS__)
#define LOG_DEBUG(format, ...) unified_log_debug(__FUNCTION__, format, ##__VA_ARGS__)
#define LOG_ALWAYS(format, ...) unified_log_always(__FUNCTION__, format, ##__VA_ARGS__)

#endif  // A2A3SIM_COMMON_UNIFIED_LOG_H_
