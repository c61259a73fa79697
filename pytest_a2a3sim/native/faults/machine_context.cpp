#include "faults/machine_context.h"

#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>

#include "faults/x86_operand.h"

namespace a2a3sim {

namespace {

#if defined(__x86_64__) || defined(__aarch64__)
const mcontext_t& machine(const void* context) {
    return static_cast<const ucontext_t*>(context)->uc_mcontext;
}
#endif

}  // namespace

bool is_readable(uint64_t address) {
    if (address == 0) return false;  // which would mean that there is no set to read
    // The system reads the set before it refuses the unknown operation.
    constexpr int kUnknownOperation = -1;
    constexpr size_t kSetSize = 8;
    const int saved = errno;
    const bool readable =
        syscall(SYS_rt_sigprocmask, kUnknownOperation, address, nullptr, kSetSize) == 0 ||
        errno != EFAULT;
    errno = saved;
    return readable;
}

#if defined(__x86_64__)

uint64_t program_counter(const void* context) {
    return static_cast<uint64_t>(machine(context).gregs[REG_RIP]);
}

uint64_t stack_pointer(const void* context) {
    return static_cast<uint64_t>(machine(context).gregs[REG_RSP]);
}

uint64_t return_address(const void* context) {
    const uint64_t top = stack_pointer(context);
    return is_readable(top) ? *reinterpret_cast<const uint64_t*>(top) : 0;
}

a2a3_access access_kind(const void* context) {
    constexpr greg_t kPageFault = 14;
    constexpr greg_t kWrite = 2;
    constexpr greg_t kInstructionFetch = 16;
    const greg_t* const registers = machine(context).gregs;
    if (registers[REG_TRAPNO] != kPageFault) return A2A3_ACCESS_UNKNOWN;
    if ((registers[REG_ERR] & kInstructionFetch) != 0) return A2A3_ACCESS_EXECUTE;
    return (registers[REG_ERR] & kWrite) != 0 ? A2A3_ACCESS_WRITE : A2A3_ACCESS_READ;
}

bool memory_operand(const void* context, uint64_t& address) {
    constexpr int kNumbered[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                   REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                   REG_R12, REG_R13, REG_R14, REG_R15};
    uint64_t registers[16];
    for (int i = 0; i < 16; ++i) {
        registers[i] = static_cast<uint64_t>(machine(context).gregs[kNumbered[i]]);
    }
    const uint64_t pc = program_counter(context);
    return is_readable(pc) &&
           x86_memory_operand(reinterpret_cast<const uint8_t*>(pc), registers, address);
}

#elif defined(__aarch64__)

uint64_t program_counter(const void* context) { return machine(context).pc; }

uint64_t stack_pointer(const void* context) { return machine(context).sp; }

uint64_t return_address(const void* context) { return machine(context).regs[30]; }

a2a3_access access_kind(const void* context) {
    // Records of (magic, size) follow the registers; the one with the exception's syndrome says.
    constexpr uint32_t kSyndromeRecord = 0x45535201;
    constexpr uint64_t kWrite = 1 << 6;
    struct Header {
        uint32_t magic;
        uint32_t size;
    };
    const auto* record = reinterpret_cast<const char*>(machine(context).__reserved);
    const char* const end = record + sizeof machine(context).__reserved;
    while (record + sizeof(Header) + sizeof(uint64_t) <= end) {
        const auto* header = reinterpret_cast<const Header*>(record);
        if (header->magic == 0 || header->size == 0) break;
        if (header->magic == kSyndromeRecord) {
            const uint64_t syndrome = *reinterpret_cast<const uint64_t*>(record + sizeof(Header));
            const uint64_t exception_class = syndrome >> 26;
            if (exception_class == 0x20 || exception_class == 0x21) return A2A3_ACCESS_EXECUTE;
            return (syndrome & kWrite) != 0 ? A2A3_ACCESS_WRITE : A2A3_ACCESS_READ;
        }
        record += header->size;
    }
    return A2A3_ACCESS_UNKNOWN;
}

bool memory_operand(const void*, uint64_t&) { return false; }

#else

uint64_t program_counter(const void*) { return 0; }
uint64_t stack_pointer(const void*) { return 0; }
uint64_t return_address(const void*) { return 0; }
a2a3_access access_kind(const void*) { return A2A3_ACCESS_UNKNOWN; }
bool memory_operand(const void*, uint64_t&) { return false; }

#endif

void describe_access(const siginfo_t& info, const void* context, a2a3_ending& ending) {
    const bool is_memory_fault = info.si_signo == SIGSEGV || info.si_signo == SIGBUS;
    if (!is_memory_fault || info.si_code <= 0) return;  // or sent by kill()
    ending.access = access_kind(context);
    ending.address = reinterpret_cast<uint64_t>(info.si_addr);
    ending.has_address = 1;
    if (info.si_code == SI_KERNEL) {
        ending.has_address = memory_operand(context, ending.address) ? 1 : 0;
        return;
    }
    constexpr uint64_t kNear = 64 << 10;
    const uint64_t stack = stack_pointer(context);
    ending.stack_overflow =
        !is_readable(stack) || (ending.address + kNear >= stack && ending.address < stack + kNear);
}

}  // namespace a2a3sim
