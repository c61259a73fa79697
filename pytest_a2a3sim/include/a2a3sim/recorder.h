// What an instrumented kernel and the engine know of each other. The kernel's object holds
// callbacks, which the compiler calls at each access of memory; they look an address up in the
// shadow and call the engine only where that tells something new.
#ifndef A2A3SIM_RECORDER_H
#define A2A3SIM_RECORDER_H

#include <stdint.h>

/// Ways to access memory; a bit each.
enum a2a3_access_mode {
    A2A3_MODE_READ = 1,
    A2A3_MODE_WRITE = 2,
    A2A3_MODE_ATOMIC_LOAD = 4,
    A2A3_MODE_ATOMIC_ADD = 8,
    A2A3_MODE_ATOMIC_OTHER = 16,       // stores and every other change
    A2A3_MODE_ATOMIC_CONDITIONAL = 32  // an exchange on condition: a load before it and it are what
                                       // an addition of floats consists of
};

/// State of a byte of device memory: a number of the engine's, and above all whether the running
/// task has accessed the byte before. 0: no task has.
typedef uint32_t a2a3_byte_state;

enum {
    A2A3_STATE_READ = 1,     // it would tell nothing new if the same task read the byte,
    A2A3_STATE_WRITTEN = 2,  // or wrote it
    A2A3_STATE_SHIFT = 2
};

/// Bytes of device memory that have one state, or are mixed: then each byte's own state counts.
enum { A2A3_GRANULE_SHIFT = 4, A2A3_GRANULE = 1 << A2A3_GRANULE_SHIFT };
#define A2A3_MIXED 0x80000000U

/// What an access of a whole granule makes of its state, as the engine has found out for one of
/// them: within these bounds, kernels do it by themselves, and count.
typedef struct a2a3_shortcut {
    a2a3_byte_state from;
    a2a3_byte_state to;
    uint64_t begin;     // offsets from the beginning of device memory
    uint64_t end;       // 0: there is none
    uint64_t granules;  // that got the state since the engine looked last,
    uint64_t lowest;    // the offset of the first of them,
    uint64_t highest;   // and of the last one
} a2a3_shortcut;

/// A shortcut is that of a window of device memory, by the lowest bits of its number.
enum { A2A3_SHORTCUTS = 8, A2A3_WINDOW_SHIFT = 13, A2A3_WINDOW = 1 << A2A3_WINDOW_SHIFT };

enum { A2A3_COUNTERS = 8 };

typedef struct a2a3_recorder {
    uint64_t begin;             // of device memory
    uint64_t size;              // of what the shadow covers, in bytes of device memory
    a2a3_byte_state* granules;  // a state a granule, or A2A3_MIXED
    a2a3_byte_state* bytes;     // a state a byte, of mixed granules
    int32_t first;              // states from this one on are the running task's
    a2a3_shortcut read_shortcuts[A2A3_SHORTCUTS];
    a2a3_shortcut write_shortcuts[A2A3_SHORTCUTS];
    /// Of device memory. Counting in one place would make each access wait for the one before it.
    uint64_t accesses[A2A3_COUNTERS];
    uint64_t host_begin;  // of memory that kernels cannot reach on the device
    uint64_t host_size;
    /// Records an access that may tell something new. `mode` is an a2a3_access_mode.
    void (*record)(uint64_t address, uint64_t size, int32_t mode, const void* code);
    /// What record() was told of an atomic change has been done.
    void (*changed)(uint64_t address, uint64_t size);
} a2a3_recorder;

/// The instrumented object's only exported symbol of the callbacks: takes the recorder, or null.
#define A2A3_RECORDER_SYMBOL "a2a3sim_use_recorder"

#endif
