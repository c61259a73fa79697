// printf-style formatting into std::string.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <string>

namespace a2a3sim {

[[gnu::format(printf, 1, 2)]] inline std::string format(const char* pattern, ...) {
    va_list values;
    va_start(values, pattern);
    va_list again;
    va_copy(again, values);
    const int length = std::vsnprintf(nullptr, 0, pattern, values);
    va_end(values);
    std::string text(length > 0 ? static_cast<size_t>(length) : 0, '\0');
    std::vsnprintf(text.data(), text.size() + 1, pattern, again);
    va_end(again);
    return text;
}

}  // namespace a2a3sim
