// Kernels call pipe_sync() after their last store: it waits for the pipe that stores, so that a
// kernel has not ended before its results are in memory. They include PTO ISA before this.
#ifndef A2A3SIM_PIPE_SYNC_H
#define A2A3SIM_PIPE_SYNC_H

#ifdef __DAV_CUBE__
#define A2A3SIM_STORING PIPE_FIX
#else
#define A2A3SIM_STORING PIPE_MTE3
#endif

static inline void pipe_sync() {
    set_flag(A2A3SIM_STORING, PIPE_S, EVENT_ID7);
    wait_flag(A2A3SIM_STORING, PIPE_S, EVENT_ID7);
}

#endif
