#include "faults/x86_operand.h"

#include <cstring>

namespace a2a3sim {

namespace {

/// What the bytes before ModRM say.
struct Prefix {
    const uint8_t* modrm = nullptr;
    bool extends_base = false;
    bool extends_index = false;
    bool has_segment = false;  // thread-local storage: the segment's base is not known here
    int displacement_scale = 1;
    int immediate_size = 0;
};

bool is_legacy_prefix(uint8_t byte) {
    switch (byte) {
        case 0x26:
        case 0x2E:
        case 0x36:
        case 0x3E:
        case 0x64:
        case 0x65:
        case 0x66:
        case 0x67:
        case 0xF0:
        case 0xF2:
        case 0xF3:
            return true;
        default:
            return false;
    }
}

/// Bytes of the immediate after an opcode of the one-byte map: they matter to rip-relative
/// operands.
int immediate_size(uint8_t opcode) {
    switch (opcode) {
        case 0x69:
        case 0x81:
        case 0xC7:
            return 4;
        case 0x6B:
        case 0x80:
        case 0x83:
        case 0xC0:
        case 0xC1:
        case 0xC6:
            return 1;
        default:
            return 0;
    }
}

bool has_modrm(uint8_t opcode) {
    if (opcode < 0x40) return (opcode & 7) < 4;  // the arithmetic group
    return (opcode >= 0x62 && opcode <= 0x63) || opcode == 0x69 || opcode == 0x6B ||
           (opcode >= 0x80 && opcode <= 0x8F) || opcode == 0xC0 || opcode == 0xC1 ||
           opcode == 0xC6 || opcode == 0xC7 || (opcode >= 0xD0 && opcode <= 0xD3) ||
           (opcode >= 0xD8 && opcode <= 0xDF) || opcode == 0xF6 || opcode == 0xF7 ||
           opcode == 0xFE || opcode == 0xFF;
}

/// EVEX: 8-bit displacements count in vectors (the most frequent case: full vectors).
Prefix parse_evex(const uint8_t* code) {
    Prefix prefix;
    prefix.extends_index = (code[1] & 0x40) == 0;
    prefix.extends_base = (code[1] & 0x20) == 0;
    prefix.displacement_scale = 16 << ((code[3] >> 5) & 3);
    prefix.modrm = code + 5;
    return prefix;
}

Prefix parse_vex(const uint8_t* code) {
    Prefix prefix;
    if (*code == 0xC5) {
        prefix.modrm = code + 3;
        return prefix;
    }
    prefix.extends_index = (code[1] & 0x40) == 0;
    prefix.extends_base = (code[1] & 0x20) == 0;
    prefix.immediate_size = (code[1] & 0x1F) == 3 ? 1 : 0;
    prefix.modrm = code + 4;
    return prefix;
}

Prefix parse(const uint8_t* code) {
    bool has_segment = false;
    for (; is_legacy_prefix(*code); ++code) has_segment |= *code == 0x64 || *code == 0x65;
    if (*code == 0x62) return parse_evex(code);
    if (*code == 0xC4 || *code == 0xC5) return parse_vex(code);
    Prefix prefix;
    prefix.has_segment = has_segment;
    if ((*code & 0xF0) == 0x40) {  // REX
        prefix.extends_index = (*code & 2) != 0;
        prefix.extends_base = (*code & 1) != 0;
        ++code;
    }
    if (*code == 0x0F) {
        ++code;
        if (*code == 0x38 || *code == 0x3A) {
            prefix.immediate_size = *code == 0x3A ? 1 : 0;
            ++code;
        }
        prefix.modrm = code + 1;
    } else if (has_modrm(*code)) {
        prefix.immediate_size = immediate_size(*code);
        prefix.modrm = code + 1;
    }
    return prefix;
}

template <typename T>
int64_t read(const uint8_t* code) {
    T value;
    std::memcpy(&value, code, sizeof value);
    return value;
}

}  // namespace

bool x86_memory_operand(const uint8_t* code, const uint64_t* registers, uint64_t& address) {
    const Prefix prefix = parse(code);
    if (prefix.modrm == nullptr || prefix.has_segment) return false;
    const uint8_t mode = *prefix.modrm >> 6;
    const uint8_t low = *prefix.modrm & 7;
    if (mode == 3) return false;  // a register
    const uint8_t* next = prefix.modrm + 1;
    uint64_t sum = 0;
    bool has_base = true;
    if (low == 4) {  // SIB
        const uint8_t sib = *next++;
        const int index = ((sib >> 3) & 7) + (prefix.extends_index ? 8 : 0);
        const int base = (sib & 7) + (prefix.extends_base ? 8 : 0);
        if (index != 4) sum += registers[index] << (sib >> 6);
        has_base = mode != 0 || (sib & 7) != 5;
        if (has_base) sum += registers[base];
    } else if (mode == 0 && low == 5) {  // relative to the next instruction
        const uint8_t* const end = next + 4 + prefix.immediate_size;
        address = reinterpret_cast<uint64_t>(end) + static_cast<uint64_t>(read<int32_t>(next));
        return true;
    } else {
        sum += registers[low + (prefix.extends_base ? 8 : 0)];
    }
    if (mode == 1) {
        sum += static_cast<uint64_t>(read<int8_t>(next) * prefix.displacement_scale);
    } else if (mode == 2 || !has_base) {
        sum += static_cast<uint64_t>(read<int32_t>(next));
    }
    address = sum;
    return true;
}

}  // namespace a2a3sim
