#include "faults/loaded_objects.h"

#include <link.h>

#include <algorithm>
#include <cstring>

namespace a2a3sim {

namespace {

int append(dl_phdr_info* info, size_t, void* state) {
    auto& objects = *static_cast<SharedTable<a2a3_object>*>(state);
    const char* const path = info->dlpi_name;
    const size_t length = std::strlen(path);
    a2a3_object object{};
    if (length == 0 || length >= sizeof object.path) return 0;
    uint64_t begin = UINT64_MAX;
    uint64_t end = 0;
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const auto& segment = info->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
        begin = std::min<uint64_t>(begin, info->dlpi_addr + segment.p_vaddr);
        end = std::max<uint64_t>(end, info->dlpi_addr + segment.p_vaddr + segment.p_memsz);
    }
    if (begin >= end) return 0;
    object.begin = begin;
    object.end = end;
    object.bias = info->dlpi_addr;
    std::memcpy(object.path, path, length + 1);
    objects.push_back(object);
    return 0;
}

}  // namespace

void record_loaded_objects(SharedTable<a2a3_object>& objects) {
    objects.clear();
    dl_iterate_phdr(append, &objects);
}

}  // namespace a2a3sim
