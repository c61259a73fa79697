// Which functions of instrumented kernels are instructions of PTO ISA: their symbols say so.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace a2a3sim {

class Instructions {
  public:
    /// The name of the instruction whose function the code is in, such as TLOAD; "" in another
    /// function of PTO ISA, null elsewhere. Valid as long as this object.
    const char* at(const void* code);

  private:
    struct Function {
        uint64_t begin;
        uint64_t end;
        std::string instruction;
    };
    struct Object {
        uint64_t bias;
        std::vector<Function> functions;  // those of PTO ISA, ascending
    };

    const Object& object_of(const void* code);

    std::unordered_map<std::string, Object> objects_;  // by path
    std::unordered_map<const void*, const char*> found_;
};

/// The name in a mangled symbol of a public instruction, namely of a function of namespace pto in
/// capital letters; "" in any other symbol.
std::string instruction_in(const char* symbol);

/// The pipe that executes an instruction, from the memories that it reads and writes: a bit each,
/// by a2a3_space.
int32_t pipe_of(const std::string& instruction, uint32_t read, uint32_t written);

}  // namespace a2a3sim
