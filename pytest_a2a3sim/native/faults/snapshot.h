// Where a thread is: code addresses, taken by the thread itself.
#pragma once

extern "C" {
#include "engine_api.h"
}

namespace a2a3sim {

/// Loads what capture_frames() needs, which a signal handler could not do, for this process and
/// those that it forks.
void prepare_snapshots();

/// The calling thread's frames, innermost first; `context` is a signal handler's ucontext_t, whose
/// interrupted code is then the first frame, or nullptr. Frames are stored one by one: a stack that
/// is too damaged to walk leaves those that could be read. Safe in signal handlers.
void capture_frames(const void* context, a2a3_snapshot& snapshot);

}  // namespace a2a3sim
