// The program that forks the processes of cases: the engine without Python, whose start takes
// longer than a small case.
//
//     _process_server.elf ENGINE "INODE MTIME_NS"
//
// Standard input is the channel that it serves.
#include <dlfcn.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstring>

// The engine is an extension module as well, which refers to this variable of Python and to
// functions that are not called here.
extern "C" {
char _Py_NoneStruct[64];
}

int main(int count, char** words) {
    if (count != 3) return 2;
    // An engine that has been built anew meanwhile would take messages for something else.
    struct stat status{};
    char version[64];
    if (stat(words[1], &status) != 0) return 1;
    std::snprintf(version, sizeof version, "%llu %lld%09ld",
                  static_cast<unsigned long long>(status.st_ino),
                  static_cast<long long>(status.st_mtim.tv_sec), status.st_mtim.tv_nsec);
    if (std::strcmp(version, words[2]) != 0) return 1;
    void* const engine = dlopen(words[1], RTLD_LAZY | RTLD_LOCAL);
    if (engine == nullptr) return 1;
    using Serve = void (*)(int);
    const auto serve = reinterpret_cast<Serve>(dlsym(engine, "a2a3_serve_processes"));
    if (serve == nullptr) return 1;
    serve(0);
}
