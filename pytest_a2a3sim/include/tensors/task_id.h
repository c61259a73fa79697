// What submitting a task returns.
#ifndef A2A3SIM_TENSORS_TASK_ID_H_
#define A2A3SIM_TENSORS_TASK_ID_H_

#include <stdint.h>

/// A task that was submitted.
struct PTO2TaskId {
    uint64_t raw;

    constexpr PTO2TaskId() : raw(~uint64_t{0}) {}
    constexpr explicit PTO2TaskId(uint64_t value) : raw(value) {}
    static constexpr PTO2TaskId invalid() { return PTO2TaskId(); }
    constexpr bool is_valid() const { return *this != invalid(); }
    constexpr bool is_invalid() const { return *this == invalid(); }
    constexpr bool operator==(const PTO2TaskId& other) const { return raw == other.raw; }
    constexpr bool operator!=(const PTO2TaskId& other) const { return raw != other.raw; }
};

#endif  // A2A3SIM_TENSORS_TASK_ID_H_
