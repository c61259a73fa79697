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

/// State of a byte of a page that holds tiles, none of whose bytes it is: nothing is new about it.
#define A2A3_NO_TILE 0x7FFFFFFFU

/// States of the bytes of a page of memory in which tiles lie, looked up by its address.
enum { A2A3_TILE_PAGE_SHIFT = 12, A2A3_TILE_PAGE = 1 << A2A3_TILE_PAGE_SHIFT };
enum { A2A3_TILE_PAGES = 4096 };
#define A2A3_SEVERAL_PAGES (~0ULL)
typedef struct a2a3_tile_page {
    uint64_t
        number;  // address >> A2A3_TILE_PAGE_SHIFT; 0: none; or A2A3_SEVERAL_PAGES: ask the engine
    a2a3_byte_state* states;  // a state a byte: what the running instruction has done to it
    int32_t touched;          // equals a2a3_core_recorder::first if it has accessed the page
} a2a3_tile_page;

/// A tile, or a part of one, that got its place in a core's memory.
typedef struct a2a3_tile {
    uint64_t address;  // of its elements here
    uint64_t bytes;
    uint64_t place;         // offset in its memory; or the address of elements of another tile
    int32_t space;          // pto::TileType: Vec, Mat, Left, Right, Acc, Bias, Scaling, ...
    int32_t has_own_bytes;  // its elements lie apart from those of tiles that overlap it
} a2a3_tile;

enum a2a3_sync {
    A2A3_SYNC_SET_FLAG = 1,
    A2A3_SYNC_WAIT_FLAG = 2,
    A2A3_SYNC_BARRIER = 3,
};

/// What becomes of the instructions of a core. Null where kernels are not looked into.
typedef struct a2a3_core_recorder {
    int32_t is_active;  // the running task executes instructions
    int32_t first;      // states of tiles' bytes from this one on are those of the
                        // running instruction
    int32_t depth;      // of calls within an instruction; 0: there is none
    int32_t touched_count;
    uint16_t touched[A2A3_TILE_PAGES];      // indices of pages that it has accessed
    a2a3_tile_page pages[A2A3_TILE_PAGES];  // by the lowest bits of their numbers
    /// A function has begun; 1 if it is an instruction.
    int32_t (*enter)(const void* function, const void* caller, uint64_t stack);
    /// A function has ended: the instruction, or one that is none and was begun outside of any.
    void (*leave)(void);
    void (*access)(uint64_t address, uint64_t size, int32_t mode, const void* code);
    void (*place)(const a2a3_tile* tile, const void* code);
    void (*sync)(int32_t what, int32_t source, int32_t destination, int32_t event,
                 const void* code);
} a2a3_core_recorder;

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
    a2a3_core_recorder* core;
} a2a3_recorder;

/// The instrumented object's only exported symbol of the callbacks: takes the recorder, or null.
#define A2A3_RECORDER_SYMBOL "a2a3sim_use_recorder"

#endif
