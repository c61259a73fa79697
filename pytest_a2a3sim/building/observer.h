// Writes down look-ups; see observer.cpp.

#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif
// They would give two of the functions here one name.
#undef _FILE_OFFSET_BITS
#undef _TIME_BITS

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct stat;
struct stat64;
struct statx;
struct __dirstream;

namespace {

constexpr int kLowestFd = 100;  // shells use those below for themselves

int log_fd = -1;

// The function of this name that would be called without this library.
template <class Function>
Function* real(Function*& known, const char* name) {
    if (known == nullptr) known = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
    return known;
}

iovec piece(const char* text) { return {const_cast<char*>(text), strlen(text)}; }

void record(char kind, const char* path, int directory = AT_FDCWD, pid_t pid = getpid()) {
    if (log_fd < 0 || path == nullptr || *path == '\0') return;
    const int saved = errno;
    char head[32];
    snprintf(head, sizeof head, "%d %c ", static_cast<int>(pid), kind);
    char base[PATH_MAX + 1] = "";
    if (*path != '/' && directory == AT_FDCWD) {
        if (getcwd(base, PATH_MAX) == nullptr) base[0] = '\0';
    } else if (*path != '/') {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
        const ssize_t length = readlink(link, base, PATH_MAX);
        base[length < 0 ? 0 : length] = '\0';
    }
    iovec pieces[] = {piece(head),
                      piece(base),
                      piece(*base == '\0' ? "" : "/"),
                      {const_cast<char*>(path), strlen(path) + 1}};
    const ssize_t written = writev(log_fd, pieces, 4);
    static_cast<void>(written);  // a short log lacks a start, which the reader notices
    errno = saved;
}

// What a look-up with this result says about a path.
void record_lookup(char kind, bool found, const char* path, int directory = AT_FDCWD) {
    const bool is_absent = !found && (errno == ENOENT || errno == ENOTDIR);
    record(is_absent ? 'A' : found ? kind : 'S', path, directory);
}

void record_open(int flags, bool found, const char* path, int directory = AT_FDCWD) {
    if ((flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0) {
        record('W', path, directory);
    } else {
        record_lookup('R', found, path, directory);
    }
}

int record_object(dl_phdr_info* info, size_t, void*) {
    if (info->dlpi_name != nullptr && info->dlpi_name[0] == '/') record('P', info->dlpi_name);
    return 0;
}

void record_objects() { dl_iterate_phdr(record_object, nullptr); }

__attribute__((constructor)) void start() {
    const char* log = getenv("A2A3SIM_OBSERVED");
    if (log == nullptr) return;
    const int fd =
        static_cast<int>(syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CLOEXEC));
    if (fd < 0) return;
    log_fd = fcntl(fd, F_DUPFD_CLOEXEC, kLowestFd);
    close(fd);
    char program[PATH_MAX + 1];
    const ssize_t length = readlink("/proc/self/exe", program, PATH_MAX);
    if (length <= 0) return;
    program[length] = '\0';
    record('X', program);
    record_objects();
}

__attribute__((destructor)) void finish() { record_objects(); }  // plugins are loaded by now

}  // namespace
