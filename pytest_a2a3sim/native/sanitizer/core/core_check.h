// The sanitizer of the core level: follows the instructions that a task gives to the pipes of its
// core, and finds those that nothing orders, flags without a partner, and wrong places of tiles.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "a2a3sim/recorder.h"
#include "device/device_memory.h"
#include "graph/graph.h"
#include "sanitizer/core/core_memory.h"
#include "sanitizer/core/instructions.h"
#include "sanitizer/core/pipes.h"
#include "sanitizer/core/tiles.h"

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

/// At most one exists in a process at a time: callbacks carry no context.
class CoreCheck {
  public:
    /// `checks`: bits of a2a3_check; `memory`: an a2a3_core_memory.
    CoreCheck(const Graph& graph, const DeviceMemory& device, int checks, int32_t memory);
    ~CoreCheck();
    CoreCheck(const CoreCheck&) = delete;
    CoreCheck& operator=(const CoreCheck&) = delete;

    /// What kernels tell.
    a2a3_core_recorder& recorder() { return recorder_; }

    void start_task(int32_t id);
    void end_task();

    /// Those of which steps() has the steps.
    std::vector<a2a3_core_finding> findings() const;
    const std::vector<a2a3_core_step>& steps() const { return shown_; }
    uint64_t instructions() const { return instruction_count_; }

  private:
    static constexpr size_t kMostShown = 14;
    static constexpr size_t kMostSteps = size_t{1} << 22U;  // of a task

    struct Step {
        int32_t kind;  // a2a3_core_step_kind
        int32_t pipe;
        int32_t destination;
        int32_t event;
        const void* code;
        const char* name;
        Pipes::Issued issued;  // of an instruction
    };
    /// Bytes that the running instruction accesses.
    struct Part {
        int32_t space;
        uint64_t begin;
        uint64_t end;
        bool writes;
        int32_t tile;
        const void* code;
    };
    struct Conflict {
        a2a3_check check;
        int32_t kind;
        int32_t space;
        uint64_t begin;
        uint64_t end;
        int32_t first;
        int32_t second;
    };
    /// Where a finding was found, besides what its parent gets.
    struct Found {
        int32_t last_task;
        Step first;  // of the first task
        Step second;
        int32_t first_step;
        int32_t second_step;
    };
    using Key = std::tuple<int32_t, int32_t, int32_t, int32_t, const void*, const void*>;

    static int32_t enter(const void* function, const void* caller, uint64_t stack);
    static void leave();
    static void access(uint64_t address, uint64_t size, int32_t mode, const void* code);
    static void place(const a2a3_tile* tile, const void* code);
    static void sync(int32_t what, int32_t source, int32_t destination, int32_t event,
                     const void* code);

    void begin_epoch();
    void add(uint64_t address, uint64_t size, bool writes, const void* code);
    static Part part_of(const Tiles::Touched& touched, const void* code);
    void add_scalar_access();
    void end_instruction();
    void merge_parts();
    int32_t pipe_of_parts(const std::string& name) const;
    int32_t add_step(const Step& step);
    void check_parts(int32_t step);
    void note_race(int32_t kind, int32_t space, uint64_t begin, uint64_t end, int32_t earlier,
                   int32_t later);
    bool is_overwritten(const Part& part, const CoreMemory::Segment& segment) const;
    void read(const Part& part, int32_t step);
    void write(const Part& part, int32_t step);
    bool is_ordered(int32_t earlier, int32_t later, int32_t space, bool is_antidependent) const;
    void check_place(const Tiles::Tile& tile, const void* code);
    void note(const Conflict& conflict, uint64_t capacity = 0);
    void show(a2a3_core_finding& finding, int32_t first, int32_t second);
    a2a3_core_step shown(const Step& step) const;
    bool looks_for(a2a3_check check) const { return (checks_ & check) != 0; }

    const Graph& graph_;
    const DeviceMemory& device_;
    const int checks_;
    const int32_t core_memory_;
    a2a3_core_recorder recorder_{};
    Instructions instructions_;
    Tiles tiles_;
    Pipes pipes_;
    std::map<int32_t, CoreMemory> memories_;  // by a2a3_space
    std::vector<Step> steps_;                 // of the running task
    std::vector<Part> parts_;
    std::vector<int32_t> raced_;  // steps that nothing orders before the running instruction
    /// A call of a function that is no instruction.
    struct Frame {
        uint64_t stack;
        const void* user;  // code that calls PTO ISA, of which the function is; null in other ones
    };
    std::vector<Frame> frames_;
    const char* instruction_ = nullptr;
    const void* caller_ = nullptr;
    int32_t task_ = -1;
    uint64_t instruction_count_ = 0;
    std::vector<a2a3_core_finding> findings_;
    std::vector<Found> found_;  // of each of them
    std::vector<a2a3_core_step> shown_;
    std::map<Key, size_t> index_;
};

}  // namespace a2a3sim
