// One step of a task's program, as the orchestration writes it and the kernel executes it.
#ifndef TASK_GRAPH_STEP_H_
#define TASK_GRAPH_STEP_H_

#include <cstddef>
#include <cstdint>

#include "means.h"

struct Step {
    Means means;
    uint8_t* write;       // nullptr for a step that only reads
    const uint8_t* read;  // nullptr for a step that only writes
    size_t size;          // bytes
};

#endif  // TASK_GRAPH_STEP_H_
