#include "faults/process_state.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace a2a3sim {

namespace {

constexpr const char* kChanging[] = {
    "signal", "sigaction", "sigprocmask", "pthread_sigmask", "sigset", "bsd_signal", "siginterrupt",
    "chdir",  "fchdir",    "setenv",      "unsetenv",        "putenv", "clearenv"};

bool is_changing(const char* name) {
    return std::any_of(std::begin(kChanging), std::end(kChanging),
                       [=](const char* changing) { return std::strcmp(name, changing) == 0; });
}

std::vector<std::string> environment() {
    std::vector<std::string> entries;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        entries.emplace_back(*entry);
    }
    return entries;
}

/// The address that an entry of a dynamic section holds: musl leaves it relative to the object.
template <typename T>
const T* address_in(const link_map& object, ElfW(Addr) value) {
    return reinterpret_cast<const T*>(value < object.l_addr ? value + object.l_addr : value);
}

}  // namespace

ProcessState::ProcessState()
    : directory_(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)), environment_(environment()) {
    for (int i = 1; i < NSIG; ++i) sigaction(i, nullptr, &actions_[i]);
    pthread_sigmask(SIG_SETMASK, nullptr, &mask_);
}

ProcessState::~ProcessState() {
    if (directory_ >= 0) close(directory_);
}

void ProcessState::restore() const {
    for (int i = 1; i < NSIG; ++i) sigaction(i, &actions_[i], nullptr);
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
    [[maybe_unused]] const int changed = directory_ < 0 ? -1 : fchdir(directory_);
    if (environment() == environment_) return;
    clearenv();
    for (const std::string& entry : environment_) {
        const size_t equals = entry.find('=');
        if (equals == std::string::npos) continue;
        setenv(entry.substr(0, equals).c_str(), entry.c_str() + equals + 1, 1);
    }
}

bool changes_process_state(void* handle) {
    link_map* object = nullptr;
    if (dlinfo(handle, RTLD_DI_LINKMAP, static_cast<void*>(&object)) != 0) return true;
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
    if (symbols == nullptr || names == nullptr) return true;
    for (int table = 0; table < 2; ++table) {
        if (relocations[table] == nullptr) continue;
        for (size_t i = 0; i < sizes[table] / sizeof(ElfW(Rela)); ++i) {
            const auto index = relocations[table][i].r_info >> 32;  // ELF64_R_SYM
            if (index != 0 && is_changing(names + symbols[index].st_name)) return true;
        }
    }
    return false;
}

}  // namespace a2a3sim
