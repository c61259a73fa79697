#include "sanitizer/core/instructions.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

namespace {

/// A file's bytes; none if it cannot be read.
class FileView {
  public:
    explicit FileView(const char* path) {
        const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
        if (descriptor < 0) return;
        struct stat status{};
        if (fstat(descriptor, &status) == 0 && status.st_size > 0) {
            const auto size = static_cast<size_t>(status.st_size);
            void* const mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
            if (mapped != MAP_FAILED) {
                data_ = static_cast<const char*>(mapped);
                size_ = size;
            }
        }
        close(descriptor);
    }
    ~FileView() {
        if (data_ != nullptr) munmap(const_cast<char*>(data_), size_);
    }
    FileView(const FileView&) = delete;
    FileView& operator=(const FileView&) = delete;

    /// `count` elements at an offset; null if the file does not hold all of them.
    template <typename T>
    const T* at(uint64_t offset, uint64_t count = 1) const {
        if (offset > size_ || count > (size_ - offset) / sizeof(T)) return nullptr;
        return reinterpret_cast<const T*>(data_ + offset);
    }

  private:
    const char* data_ = nullptr;
    size_t size_ = 0;
};

/// Calls `visit` with the name, the address and the size of each function of an object file.
template <typename Visit>
void for_each_function(const FileView& file, Visit visit) {
    const auto* const header = file.at<Elf64_Ehdr>(0);
    if (header == nullptr || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return;
    const auto* const sections = file.at<Elf64_Shdr>(header->e_shoff, header->e_shnum);
    if (sections == nullptr) return;
    for (unsigned i = 0; i < header->e_shnum; ++i) {
        if (sections[i].sh_type != SHT_SYMTAB || sections[i].sh_link >= header->e_shnum) continue;
        const Elf64_Shdr& names = sections[sections[i].sh_link];
        const uint64_t count = sections[i].sh_size / sizeof(Elf64_Sym);
        const auto* const symbols = file.at<Elf64_Sym>(sections[i].sh_offset, count);
        const auto* const text = file.at<char>(names.sh_offset, names.sh_size);
        if (symbols == nullptr || text == nullptr || names.sh_size == 0) continue;
        if (text[names.sh_size - 1] != '\0') continue;
        for (uint64_t k = 0; k < count; ++k) {
            const Elf64_Sym& symbol = symbols[k];
            if (ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_name < names.sh_size) {
                visit(text + symbol.st_name, symbol.st_value, symbol.st_size);
            }
        }
    }
}

/// Whether a mangled name is one of namespace pto.
bool is_pto_isa(const char* symbol) {
    return std::strncmp(symbol, "_ZN3pto", 7) == 0 || std::strncmp(symbol, "_ZNK3pto", 8) == 0;
}

bool ends_with(const std::string& text, const char* end) {
    const size_t size = std::strlen(end);
    return text.size() >= size && text.compare(text.size() - size, size, end) == 0;
}

}  // namespace

std::string instruction_in(const char* symbol) {
    constexpr char kNamespace[] = "_ZN3pto";
    constexpr size_t kSize = sizeof kNamespace - 1;
    if (std::strncmp(symbol, kNamespace, kSize) != 0) return "";
    char* name = nullptr;
    const unsigned long size = std::strtoul(symbol + kSize, &name, 10);
    if (size < 3 || strnlen(name, size) < size) return "";
    std::string found(name, size);
    const bool is_name =
        std::isupper(static_cast<unsigned char>(found[0])) != 0 &&
        std::all_of(found.begin(), found.end(), [](unsigned char letter) {
            return std::isupper(letter) != 0 || std::isdigit(letter) != 0 || letter == '_';
        });
    return is_name && !ends_with(found, "_IMPL") ? found : "";
}

int32_t pipe_of(const std::string& instruction, uint32_t read, uint32_t written) {
    const auto starts = [&](const char* begin) { return instruction.rfind(begin, 0) == 0; };
    const auto has = [](uint32_t spaces, int space) { return (spaces >> space & 1U) != 0; };
    const bool fills_l1 = has(written, A2A3_SPACE_L1);
    if (starts("TLOAD") || starts("TPREFETCH") || starts("TPOP")) return A2A3_PIPE_MTE2;
    if (starts("TSTORE") || starts("TPUSH")) {
        return has(read, A2A3_SPACE_L0C) ? A2A3_PIPE_FIX : A2A3_PIPE_MTE3;
    }
    if (starts("TMATMUL") || starts("TGEMV")) return A2A3_PIPE_M;
    if (starts("TMOV") || starts("TEXTRACT") || starts("TINSERT") || starts("TIMG2COL")) {
        if (has(read, A2A3_SPACE_L0C) || fills_l1 || has(written, A2A3_SPACE_FB)) {
            return A2A3_PIPE_FIX;
        }
        return has(read, A2A3_SPACE_L1) ? A2A3_PIPE_MTE1 : A2A3_PIPE_V;
    }
    if (fills_l1) return A2A3_PIPE_MTE2;  // TFILLPAD, TEXPANDS, MGATHER
    if (starts("SET") || starts("TSET") || instruction == "TCI") return A2A3_PIPE_S;
    return A2A3_PIPE_V;
}

const Instructions::Object& Instructions::object_of(const void* code) {
    static const Object kNone{0, {}};
    Dl_info info{};
    if (dladdr(code, &info) == 0 || info.dli_fname == nullptr) return kNone;
    const auto [place, is_new] = objects_.try_emplace(info.dli_fname);
    Object& object = place->second;
    if (!is_new) return object;
    object.bias = reinterpret_cast<uint64_t>(info.dli_fbase);
    for_each_function(FileView(info.dli_fname), [&](const char* name, uint64_t at, uint64_t size) {
        if (is_pto_isa(name)) object.functions.push_back({at, at + size, instruction_in(name)});
    });
    std::sort(object.functions.begin(), object.functions.end(),
              [](const Function& a, const Function& b) { return a.begin < b.begin; });
    return object;
}

const char* Instructions::at(const void* code) {
    const auto [place, is_new] = found_.try_emplace(code, nullptr);
    if (!is_new) return place->second;
    const Object& object = object_of(code);
    const uint64_t address = reinterpret_cast<uint64_t>(code) - object.bias;
    auto function =
        std::upper_bound(object.functions.begin(), object.functions.end(), address,
                         [](uint64_t at, const Function& other) { return at < other.begin; });
    if (function != object.functions.begin() && address <= (--function)->end) {
        place->second = function->instruction.c_str();
    }
    return place->second;
}

}  // namespace a2a3sim
