#include "faults/exception_probe.h"

#include <cxxabi.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <typeinfo>

#include "faults/snapshot.h"

namespace a2a3sim {

namespace {

thread_local a2a3_snapshot thrown_from{};

using DemangledName = std::unique_ptr<char, void (*)(void*)>;

DemangledName demangle(const char* name) {
    return {abi::__cxa_demangle(name, nullptr, nullptr, nullptr), std::free};
}

}  // namespace

#if defined(__GLIBCXX__)

/// The type_info of ExceptionProbe. The compiler emits none: the class has a key function, its
/// destructor, which is defined nowhere.
// NOLINTNEXTLINE(misc-use-internal-linkage): the object below is a symbol for other files
class ProbeTypeInfo : public std::type_info {
  public:
    ProbeTypeInfo() : std::type_info("N7a2a3sim14ExceptionProbeE") {}

    bool __do_catch(const std::type_info*, void**, unsigned) const override {
        capture_frames(nullptr, thrown_from);
        return false;
    }
};

extern const ProbeTypeInfo probe_type_info asm("_ZTIN7a2a3sim14ExceptionProbeE");
// NOLINTNEXTLINE(bugprone-throwing-static-initialization): std::type_info only keeps the name
const ProbeTypeInfo probe_type_info;

#else

ExceptionProbe::~ExceptionProbe() = default;

#endif

const a2a3_snapshot& last_throw() { return thrown_from; }

void describe_current_exception(char* text, size_t size) {
    const std::type_info* const type = abi::__cxa_current_exception_type();
    const char* const mangled = type != nullptr ? type->name() : "";
    const DemangledName demangled = demangle(mangled);
    const char* const name = type == nullptr        ? "an exception of a foreign language"
                             : demangled != nullptr ? demangled.get()
                                                    : mangled;
    try {
        std::rethrow_exception(std::current_exception());
    } catch (const std::exception& error) {
        std::snprintf(text, size, "%s: %s", name, error.what());
    } catch (...) {
        std::snprintf(text, size, "%s, which is not a std::exception", name);
    }
}

}  // namespace a2a3sim
