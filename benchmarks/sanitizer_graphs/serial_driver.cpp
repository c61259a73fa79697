// Runs a golden directory's graph on one thread, task after task, in the order in which the tasks
// were added, with nothing of the engine: what kernels cost that were compiled in some other way.
//
//     serial_driver ORCHESTRATION SYMBOL ARGS [OBJECT SYMBOL]...
//
// ARGS is a file of records: a 64-bit tag and a 64-bit number, which for tag 1 (a tensor) is
// followed by as many bytes. Objects are the kernels by func_id. Prints the CPU seconds
// of the execution on standard error.
#include <dlfcn.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <vector>

#include "runtime.h"

namespace {

using Kernel = void (*)(int64_t* args);
using Orchestration = int (*)(Runtime* runtime, uint64_t* args, int arg_count);

struct GraphTask {
    std::vector<uint64_t> args;
    size_t func_id;
};

std::vector<GraphTask> tasks;

void* allocate(size_t size) {
    void* const memory = std::malloc(size);
    return memory == nullptr ? nullptr : std::memset(memory, 0xFF, size);
}

int copy(void* to, const void* from, size_t size) {
    std::memcpy(to, from, size);
    return 0;
}

int add_task(void* /*state*/, const uint64_t* args, int num_args, int func_id, int /*core_type*/) {
    tasks.push_back({{args, args + num_args}, static_cast<size_t>(func_id)});
    return static_cast<int>(tasks.size()) - 1;
}

void* symbol(const char* object, const char* name) {
    void* const handle = dlopen(object, RTLD_NOW | RTLD_LOCAL);
    void* const found = handle == nullptr ? nullptr : dlsym(handle, name);
    if (found == nullptr) {
        std::fprintf(stderr, "%s\n", dlerror());
        std::exit(1);
    }
    return found;
}

std::vector<uint64_t> read_args(const char* path, std::deque<std::vector<char>>& tensors) {
    std::vector<uint64_t> args;
    std::ifstream file(path, std::ios::binary);
    uint64_t record[2];
    while (file.read(reinterpret_cast<char*>(record), sizeof record)) {
        if (record[0] == 1) {
            tensors.emplace_back(record[1]);
            file.read(tensors.back().data(), static_cast<std::streamsize>(record[1]));
            record[1] = reinterpret_cast<uint64_t>(tensors.back().data());
        }
        args.push_back(record[1]);
    }
    return args;
}

/// Of this thread.
double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double execute(const std::vector<Kernel>& kernels) {
    const double start = cpu_seconds();
    for (GraphTask& task : tasks) {
        kernels[task.func_id](reinterpret_cast<int64_t*>(task.args.data()));
    }
    return cpu_seconds() - start;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    std::vector<Kernel> kernels;
    for (int i = 4; i + 1 < argc; i += 2) {
        kernels.push_back(reinterpret_cast<Kernel>(symbol(argv[i], argv[i + 1])));
    }
    const auto orchestrate = reinterpret_cast<Orchestration>(symbol(argv[1], argv[2]));
    std::deque<std::vector<char>> tensors;
    std::vector<uint64_t> args = read_args(argv[3], tensors);

    const HostApi api{allocate, [](void*) {}, copy, copy};
    a2a3sim::RuntimeOps ops{};
    ops.add_task = add_task;
    ops.add_successor = [](void*, int, int) {};
    ops.record_tensor_pair = [](void*, void*, void*, size_t) {};
    ops.get_task_count = [](const void*) { return static_cast<int>(tasks.size()); };
    ops.print_runtime = [](const void*) {};
    Runtime runtime(api, ops, nullptr);
    std::freopen("/dev/null", "w", stdout);
    if (orchestrate(&runtime, args.data(), static_cast<int>(args.size())) != 0) return 1;

    std::fprintf(stderr, "%.9f\n", execute(kernels));
    return 0;
}
