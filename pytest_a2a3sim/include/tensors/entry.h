// The arguments of an orchestration since April 2026, and the forms of its entry.
#ifndef A2A3SIM_TENSORS_ENTRY_H_
#define A2A3SIM_TENSORS_ENTRY_H_

#include <stdint.h>

#include <stdexcept>
#include <string>

#include "tensors/request.h"

namespace a2a3sim {

/// An argument of an orchestration that is a tensor.
struct EntryTensor : Tensor {
    uint64_t data;  // its address

    const Tensor& ref() const { return *this; }
};

}  // namespace a2a3sim

/// The arguments of an orchestration: tensors, in the memory of the device, and scalars, each in
/// the order of what generate_inputs returns.
class ChipTaskArgs {
  public:
    ChipTaskArgs(const a2a3sim::EntryTensor* tensors, int32_t tensor_count, const uint64_t* scalars,
                 int32_t scalar_count)
        : tensors_(tensors),
          scalars_(scalars),
          tensor_count_(tensor_count),
          scalar_count_(scalar_count) {}

    int32_t tensor_count() const { return tensor_count_; }
    int32_t scalar_count() const { return scalar_count_; }

    /// Throws std::out_of_range.
    const a2a3sim::EntryTensor& tensor(int32_t index) const {
        check("tensor", index, tensor_count_);
        return tensors_[index];
    }
    uint64_t scalar(int32_t index) const {
        check("scalar", index, scalar_count_);
        return scalars_[index];
    }
    template <typename T>
    T scalar(int32_t index) const {
        return from_u64<T>(scalar(index));
    }
    const uint64_t* scalars() const { return scalars_; }

  private:
    static void check(const char* what, int32_t index, int32_t count) {
        if (index >= 0 && index < count) return;
        throw std::out_of_range("the orchestration asks for " + std::string(what) + "(" +
                                std::to_string(index) + ") and gets " + std::to_string(count) +
                                " " + what + "s: generate_inputs returns them");
    }

    const a2a3sim::EntryTensor* tensors_;
    const uint64_t* scalars_;
    int32_t tensor_count_;
    int32_t scalar_count_;
};

using ChipStorageTaskArgs = ChipTaskArgs;
using L2TaskArgs = ChipTaskArgs;

namespace a2a3sim {

/// The parameters of an orchestration's entry.
enum EntryKind : int {
    kEntryOfThreads = 1,            // (args, count, threads, thread)
    kEntryOfRuntimeAndThreads = 2,  // (runtime, args, count, threads, thread)
    kEntryOfRuntime = 3,            // (runtime, args, count)
    kEntryOfArgs = 4,               // (args)
    kEntryOfRuntimeAndArgs = 5,     // (runtime, args)
    kEntryOfHostTensors = 6,        // (runtime, args), called on the host, whose tensors it gets
    kEntryOfArgsAndThreads = 7,     // (args, threads, thread)
    kEntryOfAll = 8,                // (runtime, args, threads, thread)
};

}  // namespace a2a3sim

#endif  // A2A3SIM_TENSORS_ENTRY_H_
