#include "faults/imports.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace a2a3sim {

namespace {

link_map* map_of(void* handle) {
    link_map* object = nullptr;
    return dlinfo(handle, RTLD_DI_LINKMAP, static_cast<void*>(&object)) == 0 ? object : nullptr;
}

/// The address that an entry of a dynamic section holds: musl leaves it relative to the object.
template <typename T>
const T* address_in(const link_map& object, ElfW(Addr) value) {
    return reinterpret_cast<const T*>(value < object.l_addr ? value + object.l_addr : value);
}

struct Protected {
    uintptr_t object;
    uintptr_t address;
    bool found;
};

/// Whether the loader has made `address` of the object read-only after it had bound it (RELRO).
bool is_protected(uintptr_t object, uintptr_t address) {
    Protected sought{object, address, false};
    dl_iterate_phdr(
        [](dl_phdr_info* info, size_t, void* data) {
            auto& wanted = *static_cast<Protected*>(data);
            if (info->dlpi_addr != wanted.object) return 0;
            for (int i = 0; i < info->dlpi_phnum; ++i) {
                const auto& segment = info->dlpi_phdr[i];
                if (segment.p_type != PT_GNU_RELRO) continue;
                wanted.found = wanted.address - (wanted.object + segment.p_vaddr) < segment.p_memsz;
            }
            return 1;
        },
        &sought);
    return sought.found;
}

}  // namespace

bool for_each_import(void* handle,
                     const std::function<void(const char* name, void** slot)>& visit) {
    const link_map* const object = map_of(handle);
    if (object == nullptr) return false;
    const ElfW(Sym)* symbols = nullptr;
    const char* names = nullptr;
    const ElfW(Rela) * relocations[2] = {nullptr, nullptr};
    size_t sizes[2] = {0, 0};
    for (const ElfW(Dyn)* entry = object->l_ld; entry->d_tag != DT_NULL; ++entry) {
        const ElfW(Addr) value = entry->d_un.d_ptr;
        switch (entry->d_tag) {
            case DT_SYMTAB:
                symbols = address_in<ElfW(Sym)>(*object, value);
                break;
            case DT_STRTAB:
                names = address_in<char>(*object, value);
                break;
            case DT_RELA:
                relocations[0] = address_in<ElfW(Rela)>(*object, value);
                break;
            case DT_RELASZ:
                sizes[0] = entry->d_un.d_val;
                break;
            case DT_JMPREL:
                relocations[1] = address_in<ElfW(Rela)>(*object, value);
                break;
            case DT_PLTRELSZ:
                sizes[1] = entry->d_un.d_val;
                break;
            default:
                break;
        }
    }
    if (symbols == nullptr || names == nullptr) return false;
    for (int table = 0; table < 2; ++table) {
        if (relocations[table] == nullptr) continue;
        for (size_t i = 0; i < sizes[table] / sizeof(ElfW(Rela)); ++i) {
            const ElfW(Rela) & relocation = relocations[table][i];
            const auto index = relocation.r_info >> 32;  // ELF64_R_SYM
            if (index == 0 || symbols[index].st_shndx != SHN_UNDEF) continue;
            visit(names + symbols[index].st_name,
                  reinterpret_cast<void**>(object->l_addr + relocation.r_offset));
        }
    }
    return true;
}

void set_import(void* handle, void** slot, void* value) {
    const link_map* const object = map_of(handle);
    if (object == nullptr) return;
    const auto address = reinterpret_cast<uintptr_t>(slot);
    if (!is_protected(object->l_addr, address)) {
        *slot = value;
        return;
    }
    const auto size = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    void* const page = reinterpret_cast<void*>(address / size * size);
    if (mprotect(page, size, PROT_READ | PROT_WRITE) != 0) return;
    *slot = value;
    mprotect(page, size, PROT_READ);
}

}  // namespace a2a3sim
