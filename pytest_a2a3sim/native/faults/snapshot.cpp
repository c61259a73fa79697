#include "faults/snapshot.h"

#include <unwind.h>

#include <cstdint>

#include "faults/machine_context.h"

namespace a2a3sim {

namespace {

struct Walk {
    a2a3_snapshot& snapshot;
    uint64_t first;  // of the interrupted code; frames before it are the handler's own
    bool recording;
};

void store(a2a3_snapshot& snapshot, uint64_t frame) {
    if (snapshot.frame_count < A2A3_MOST_FRAMES) {
        snapshot.frames[snapshot.frame_count++] = frame;
    }
}

_Unwind_Reason_Code visit(_Unwind_Context* context, void* state) {
    Walk& walk = *static_cast<Walk*>(state);
    int interrupted = 0;
    const uint64_t address = _Unwind_GetIPInfo(context, &interrupted);
    if (!walk.recording) {
        if (address != walk.first) return _URC_NO_REASON;
        walk.recording = true;
    }
    // A return address belongs to the line after the call: the byte before it is in the call.
    store(walk.snapshot, interrupted != 0 ? address : address - 1);
    const bool full = walk.snapshot.frame_count == A2A3_MOST_FRAMES;
    return full ? _URC_END_OF_STACK : _URC_NO_REASON;
}

}  // namespace

// In a signal handler, _Unwind_Backtrace() must not load anything or allocate, which its first call
// in a process may do: prepare_snapshots() makes that call before the fork. From then on it looks
// up unwind tables: with _dl_find_object(), which is async-signal-safe, where libgcc 12 meets glibc
// 2.35; else with dl_iterate_phdr(), which waits while another thread loads an object. Reading a
// damaged stack may fault. The handler blocks that second signal, so that the system ends the
// process; the ending, which is complete but for its frames by then, stands.
void prepare_snapshots() {
    static const bool prepared = [] {
        _Unwind_Backtrace([](_Unwind_Context*, void*) { return _URC_END_OF_STACK; }, nullptr);
        return true;
    }();
    (void)prepared;
}

void capture_frames(const void* context, a2a3_snapshot& snapshot) {
    snapshot.frame_count = 0;
    if (context == nullptr) {
        Walk walk{snapshot, 0, true};
        _Unwind_Backtrace(visit, &walk);
        return;
    }
    const uint64_t pc = program_counter(context);
    Walk walk{snapshot, pc, false};
    _Unwind_Backtrace(visit, &walk);
    if (is_readable(pc)) return;
    // There is no code: it was called through a bad pointer, and nothing else tells the caller.
    snapshot.frame_count = 0;
    store(snapshot, pc);
    if (const uint64_t caller = return_address(context)) store(snapshot, caller - 1);
}

}  // namespace a2a3sim
