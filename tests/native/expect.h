// What the test programs of the engine share.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

/// Prints the broken promise and ends the process.
[[gnu::format(printf, 2, 3)]] inline void expect(bool holds, const char* pattern, ...) {
    if (holds) return;
    va_list values;
    va_start(values, pattern);
    std::vfprintf(stderr, pattern, values);
    va_end(values);
    std::fputc('\n', stderr);
    std::_Exit(1);
}
