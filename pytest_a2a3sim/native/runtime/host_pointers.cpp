#include "runtime/host_pointers.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/failure.h"
#include "shared/shared_file.h"

namespace a2a3sim {

namespace {

// An argument is 64 bits of anything, also a number that looks like an address. It is taken for one
// only if memory is mapped there, and nothing below 4 GiB is: 32-bit numbers, float32 bits, sizes
// and indices are never suspected. Of the 2^64 values, those that are mapped are as many as the
// process has bytes: one in 2^34 for a process of 1 GiB, so that a million tasks of 16 random
// arguments each (hashes, seeds) are refused for no reason once in 1,000 runs. Two 32-bit numbers
// in one argument would have to have 0x55.. or 0x7F.. (about 22,000 or 32,600) in the upper half
// and then hit the mapped part of 4 GiB; as float32, float16 or float64 those upper halves are
// denormal numbers or NaNs. Such an upper half is what a float that shares a union with a uint64_t
// leaves there, and with torch loaded libraries fill much of those 4 GiB: they are left out, for an
// orchestration has no address of theirs to pass.
constexpr uint64_t kLowest = uint64_t{1} << 32;
constexpr uint64_t kHighest = uint64_t{1} << 56;

struct Mapping {
    uint64_t begin;
    uint64_t end;
    std::string path;
};

std::string static_memory(const std::string& path) {
    return "static memory of the host, in " +
           (path.empty() ? "the interpreter" : path.substr(path.rfind('/') + 1));
}

/// Where a case's own objects are: beside that of one of its kernels.
std::string folder_of_objects(KernelFunction kernel) {
    Dl_info info{};
    if (dladdr(reinterpret_cast<const void*>(kernel), &info) == 0) return "";
    const std::string path(info.dli_fname);
    return path.substr(0, path.rfind('/') + 1);
}

/// Whether the stack of this thread, which ran the orchestration, holds `address`.
bool is_on_stack(uint64_t address) {
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return false;
    void* lowest = nullptr;
    size_t size = 0;
    const bool known = pthread_attr_getstack(&attributes, &lowest, &size) == 0;
    pthread_attr_destroy(&attributes);
    return known && address - reinterpret_cast<uint64_t>(lowest) < size;
}

/// The object of which an address is a part; a program has no path.
struct Object {
    bool is_known = false;
    std::string path;
};

/// Static variables that are zero at first lie behind their file's pages, in memory of no name.
Object object_of(uint64_t address) {
    struct Query {
        uint64_t address;
        Object found;
    } query{address, {}};
    dl_iterate_phdr(
        [](dl_phdr_info* object, size_t, void* data) {
            auto& asked = *static_cast<Query*>(data);
            for (size_t i = 0; i < object->dlpi_phnum; ++i) {
                const ElfW(Phdr) & part = object->dlpi_phdr[i];
                if (part.p_type == PT_LOAD &&
                    asked.address - object->dlpi_addr - part.p_vaddr < part.p_memsz) {
                    asked.found = {true, object->dlpi_name};
                    return 1;
                }
            }
            return 0;
        },
        &query);
    return query.found;
}

std::string describe(uint64_t address, const std::string& path) {
    if (is_on_stack(address)) return "the host's stack, a local variable";
    if (path == "[heap]") return "the host's heap (malloc or new)";
    if (const Object object = object_of(address); object.is_known)
        return static_memory(object.path);
    if (path.empty() || path[0] == '[') return "memory of the host (malloc, new or mmap)";
    return static_memory(path);
}

/// Memory that processes of one case share is the engine's. It has address space for large graphs,
/// which half a pointer that is left over in a number's upper half would often hit.
bool is_shared_by_engine(const char* path) {
    const auto begins_with = [path](const std::string& prefix) {
        return std::strncmp(path, prefix.c_str(), prefix.size()) == 0;
    };
    return begins_with("/dev/zero") || begins_with("/memfd:" + std::string(kMemoryFileName));
}

/// What this process can read, ascending. Nothing of what the engine shares is a user's.
std::vector<Mapping> readable_mappings() {
    std::vector<Mapping> mappings;
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/proc/self/maps", "re"),
                                                     std::fclose);
    char line[4352];
    while (file != nullptr && std::fgets(line, sizeof line, file.get()) != nullptr) {
        unsigned long begin = 0;
        unsigned long end = 0;
        char access[5];
        char path[4097] = "";
        if (std::sscanf(line, "%lx-%lx %4s %*s %*s %*s %4096[^\n]", &begin, &end, access, path) <
                3 ||
            access[0] != 'r' || is_shared_by_engine(path)) {
            continue;
        }
        mappings.push_back(Mapping{begin, end, path});
    }
    return mappings;
}

/// Whether `value` may be an address of the host that is no tensor's.
bool is_suspect(uint64_t value, const DeviceMemory& memory, const HostWindow& window) {
    return value - kLowest < kHighest - kLowest && !memory.contains(value) &&
           !window.contains(reinterpret_cast<const void*>(value));
}

}  // namespace

void check_host_pointers(const Graph& graph, const KernelTable& kernels, const DeviceMemory& memory,
                         const HostWindow& window, const Orchestration& orchestration) {
    const auto suspicious = [&](uint64_t value) {
        return is_suspect(value, memory, window) && !orchestration.offers(value);
    };
    if (std::none_of(graph.args.begin(), graph.args.end(), suspicious)) return;
    const std::vector<Mapping> mappings = readable_mappings();
    for (int32_t id = 0; id < graph.task_count(); ++id) {
        const TaskNode& task = graph.tasks[static_cast<size_t>(id)];
        for (size_t i = 0; i < task.num_args; ++i) {
            const uint64_t value = graph.args[task.first_arg + i];
            if (!suspicious(value)) continue;
            const auto next = std::upper_bound(
                mappings.begin(), mappings.end(), value,
                [](uint64_t address, const Mapping& mapping) { return address < mapping.begin; });
            if (next == mappings.begin() || value >= (next - 1)->end) continue;
            const Kernel& kernel = kernels[task.kernel];
            const Object object = object_of(value);
            const bool is_library =
                object.is_known && object.path.rfind(folder_of_objects(kernel.function), 0) != 0;
            if (is_library) continue;
            throw CaseFailure(
                A2A3_FAILURE_GRAPH,
                format("args[%zu] of task %d (%s) is the address 0x%llx, which is %s: a kernel "
                       "cannot reach it on the device; pass the number itself, or copy what is "
                       "there with copy_to_device",
                       i, id, kernel.name.c_str(), static_cast<unsigned long long>(value),
                       describe(value, (next - 1)->path).c_str()),
                id, kernel.func_id);
        }
    }
}

std::string if_swapped(const DeviceMemory& memory, const std::vector<HostTensor>& tensors,
                       const CopyAddresses& call, const std::string& problem) {
    if (!memory.contains(reinterpret_cast<uintptr_t>(call.host)) ||
        memory.contains(reinterpret_cast<uintptr_t>(call.dev))) {
        return problem;
    }
    const char* const claim = find_tensor(tensors, call.dev) >= 0
                                  ? "the addresses are swapped; the order is"
                                  : "are the addresses swapped? The order is";
    return format("%s %s\n  %s, and %p is one", claim, call.order, problem.c_str(), call.host);
}

}  // namespace a2a3sim
