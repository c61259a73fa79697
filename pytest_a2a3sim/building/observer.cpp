// Preloaded into a compiler and all that it starts; writes down which files they look for.
//
// Each record goes to the file that A2A3SIM_OBSERVED names: "<pid> <kind> <path>", ended by a zero
// byte. building/observer.py reads them; the kinds are listed there. It needs the C library alone.

#include "observer.h"

#ifdef A2A3SIM_SOURCES
__attribute__((used)) static const char sources[] = A2A3SIM_SOURCES;
#endif

#define REAL(type, name, ...)          \
    using Function = type __VA_ARGS__; \
    static Function* known = nullptr;  \
    Function* const next = real(known, name)

#define OPEN(name)                                  \
    int name(const char* path, int flags, ...) {    \
        REAL(int, #name, (const char*, int, ...));  \
        va_list arguments;                          \
        va_start(arguments, flags);                 \
        const int mode = va_arg(arguments, int);    \
        va_end(arguments);                          \
        const int result = next(path, flags, mode); \
        record_open(flags, result >= 0, path);      \
        return result;                              \
    }

#define OPENAT(name)                                            \
    int name(int directory, const char* path, int flags, ...) { \
        REAL(int, #name, (int, const char*, int, ...));         \
        va_list arguments;                                      \
        va_start(arguments, flags);                             \
        const int mode = va_arg(arguments, int);                \
        va_end(arguments);                                      \
        const int result = next(directory, path, flags, mode);  \
        record_open(flags, result >= 0, path, directory);       \
        return result;                                          \
    }

#define OPEN_CHECKED(name)                     \
    int name(const char* path, int flags) {    \
        REAL(int, #name, (const char*, int));  \
        const int result = next(path, flags);  \
        record_open(flags, result >= 0, path); \
        return result;                         \
    }

#define FOPEN(name)                                                         \
    FILE* name(const char* path, const char* mode) {                        \
        REAL(FILE*, #name, (const char*, const char*));                     \
        FILE* const result = next(path, mode);                              \
        const bool writes = strpbrk(mode, "wa+") != nullptr;                \
        record_open(writes ? O_WRONLY : O_RDONLY, result != nullptr, path); \
        return result;                                                      \
    }

#define FREOPEN(name)                                                       \
    FILE* name(const char* path, const char* mode, FILE* stream) {          \
        REAL(FILE*, #name, (const char*, const char*, FILE*));              \
        FILE* const result = next(path, mode, stream);                      \
        const bool writes = strpbrk(mode, "wa+") != nullptr;                \
        record_open(writes ? O_WRONLY : O_RDONLY, result != nullptr, path); \
        return result;                                                      \
    }

#define STAT(name, type)                        \
    int name(const char* path, type* status) {  \
        REAL(int, #name, (const char*, type*)); \
        const int result = next(path, status);  \
        record_lookup('S', result == 0, path);  \
        return result;                          \
    }

#define XSTAT(name, type)                                   \
    int name(int version, const char* path, type* status) { \
        REAL(int, #name, (int, const char*, type*));        \
        const int result = next(version, path, status);     \
        record_lookup('S', result == 0, path);              \
        return result;                                      \
    }

#define FSTATAT(name, type)                                              \
    int name(int directory, const char* path, type* status, int flags) { \
        REAL(int, #name, (int, const char*, type*, int));                \
        const int result = next(directory, path, status, flags);         \
        record_lookup('S', result == 0, path, directory);                \
        return result;                                                   \
    }

#define ACCESS(name)                           \
    int name(const char* path, int mode) {     \
        REAL(int, #name, (const char*, int));  \
        const int result = next(path, mode);   \
        record_lookup('S', result == 0, path); \
        return result;                         \
    }

#define SPAWN(name)                                                                             \
    int name(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,           \
             const posix_spawnattr_t* attributes, char* const* arguments,                       \
             char* const* variables) {                                                          \
        REAL(int, #name,                                                                        \
             (pid_t*, const char*, const posix_spawn_file_actions_t*, const posix_spawnattr_t*, \
              char* const*, char* const*));                                                     \
        pid_t child = 0;                                                                        \
        const int result = next(&child, path, actions, attributes, arguments, variables);       \
        if (pid != nullptr) *pid = child;                                                       \
        if (result == 0) record('E', path, AT_FDCWD, child);                                    \
        return result;                                                                          \
    }

// A program that is to be replaced by another, which has to start then.
#define EXEC(name, parameters, values)  \
    int name parameters {               \
        REAL(int, #name, parameters);   \
        record('E', path);              \
        const int result = next values; \
        record('F', path);              \
        return result;                  \
    }

// Makes a file of a name that it writes into the template.
#define MAKE(name, type, parameters, values) \
    type name parameters {                   \
        REAL(type, #name, parameters);       \
        type const result = next values;     \
        record('W', path);                   \
        return result;                       \
    }

extern "C" {

// Headers of the C library declare some of these with attributes that definitions need not repeat.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmissing-attributes"
#endif

#pragma GCC visibility push(default)  // whatever flags say

OPEN(open)
OPENAT(openat)
FOPEN(fopen)
FREOPEN(freopen)
STAT(stat, struct stat)
STAT(lstat, struct stat)
FSTATAT(fstatat, struct stat)
ACCESS(access)
ACCESS(euidaccess)
ACCESS(eaccess)
SPAWN(posix_spawn)
SPAWN(posix_spawnp)
#ifdef __GLIBC__  // elsewhere these are other names of the same
OPEN(open64)
OPENAT(openat64)
OPEN_CHECKED(__open_2)
OPEN_CHECKED(__open64_2)
FOPEN(fopen64)
FREOPEN(freopen64)
STAT(stat64, struct stat64)
STAT(lstat64, struct stat64)
XSTAT(__xstat, struct stat)
XSTAT(__lxstat, struct stat)
XSTAT(__xstat64, struct stat64)
XSTAT(__lxstat64, struct stat64)
FSTATAT(fstatat64, struct stat64)
MAKE(mkstemp64, int, (char* path), (path))
MAKE(mkstemps64, int, (char* path, int length), (path, length))
MAKE(mkostemp64, int, (char* path, int flags), (path, flags))
MAKE(mkostemps64, int, (char* path, int length, int flags), (path, length, flags))
#endif
EXEC(execv, (const char* path, char* const* arguments), (path, arguments))
EXEC(execvp, (const char* path, char* const* arguments), (path, arguments))
EXEC(execve, (const char* path, char* const* arguments, char* const* variables),
     (path, arguments, variables))
EXEC(execvpe, (const char* path, char* const* arguments, char* const* variables),
     (path, arguments, variables))

MAKE(mkstemp, int, (char* path), (path))
MAKE(mkstemps, int, (char* path, int length), (path, length))
MAKE(mkostemp, int, (char* path, int flags), (path, flags))
MAKE(mkostemps, int, (char* path, int length, int flags), (path, length, flags))
MAKE(mkdtemp, char*, (char* path), (path))

int faccessat(int directory, const char* path, int mode, int flags) {
    REAL(int, "faccessat", (int, const char*, int, int));
    const int result = next(directory, path, mode, flags);
    record_lookup('S', result == 0, path, directory);
    return result;
}

int statx(int directory, const char* path, int flags, unsigned mask, struct statx* status) {
    REAL(int, "statx", (int, const char*, int, unsigned, struct statx*));
    const int result = next(directory, path, flags, mask, status);
    record_lookup('S', result == 0, path, directory);
    return result;
}

ssize_t readlink(const char* path, char* target, size_t size) {
    REAL(ssize_t, "readlink", (const char*, char*, size_t));
    const ssize_t result = next(path, target, size);
    record_lookup('S', result >= 0 || errno == EINVAL, path);
    return result;
}

char* realpath(const char* path, char* resolved) {
    REAL(char*, "realpath", (const char*, char*));
    char* const result = next(path, resolved);
    record_lookup('S', result != nullptr, path);
    return result;
}

__dirstream* opendir(const char* path) {
    REAL(__dirstream*, "opendir", (const char*));
    __dirstream* const result = next(path);
    record_lookup('D', result != nullptr, path);
    return result;
}

int rename(const char* from, const char* to) {
    REAL(int, "rename", (const char*, const char*));
    record('W', to);
    return next(from, to);
}

int mkdir(const char* path, mode_t mode) {
    REAL(int, "mkdir", (const char*, mode_t));
    record('W', path);
    return next(path, mode);
}

struct tm* localtime(const time_t* when) {
    REAL(struct tm*, "localtime", (const time_t*));
    record('T', "/");
    return next(when);
}

struct tm* localtime_r(const time_t* when, struct tm* parts) {
    REAL(struct tm*, "localtime_r", (const time_t*, struct tm*));
    record('T', "/");
    return next(when, parts);
}

#pragma GCC visibility pop

}  // extern "C"
