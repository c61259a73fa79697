// What a kernel can ask about the task that it is a part of.
#ifndef A2A3SIM_TENSORS_INTRINSIC_H_
#define A2A3SIM_TENSORS_INTRINSIC_H_

#include <stdint.h>

#ifndef __gm__
#define __gm__
#endif
#ifndef __aicore__
#define __aicore__
#endif

namespace a2a3sim {

/// Where the engine puts a task's place, before its arguments.
enum PlaceOfTask : int { kBlockNum = -3, kBlockIndex = -2, kSubBlock = -1 };

}  // namespace a2a3sim

/// Which of the task's blocks this is.
static __aicore__ inline int32_t get_block_idx(__gm__ int64_t* args) {
    return static_cast<int32_t>(args[a2a3sim::kBlockIndex]);
}

/// How many blocks the task has.
static __aicore__ inline int32_t get_block_num(__gm__ int64_t* args) {
    return static_cast<int32_t>(args[a2a3sim::kBlockNum]);
}

/// Which of its cluster's vector cores runs this kernel: 0 or 1.
static __aicore__ inline int32_t get_sub_block_id(__gm__ int64_t* args) {
    return static_cast<int32_t>(args[a2a3sim::kSubBlock]);
}

#endif  // A2A3SIM_TENSORS_INTRINSIC_H_
