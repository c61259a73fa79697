// Stands before PTO ISA's header of this name. Where kernels are looked into, what orders the pipes
// of a core is told. What its versions of early 2026 lack is given: masks and the control register,
// which change nothing there.
#ifndef A2A3SIM_PTO_CPU_STUB_HPP
#define A2A3SIM_PTO_CPU_STUB_HPP

#include <cstdint>

// Overloads that yield to PTO ISA's own, which are no templates.
template <typename... None>
inline uint64_t get_ctrl(None...) {
    static_assert(sizeof...(None) == 0);
    return 0;
}
template <typename... None>
inline void set_ctrl(uint64_t, None...) {}
template <typename... None>
inline uint64_t sbitset0(uint64_t value, int bit, None...) {
    return value & ~(uint64_t{1} << bit);
}
template <typename... None>
inline uint64_t sbitset1(uint64_t value, int bit, None...) {
    return value | uint64_t{1} << bit;
}

#include_next <pto/common/cpu_stub.hpp>

#ifndef set_mask_norm
#define set_mask_norm(...)
#endif
#ifndef set_vector_mask
#define set_vector_mask(...)
#endif
#ifndef EVENT_ID1
#define EVENT_ID1 1
#define EVENT_ID2 2
#define EVENT_ID3 3
#define EVENT_ID4 4
#define EVENT_ID5 5
#define EVENT_ID6 6
#define EVENT_ID7 7
#endif

#ifdef A2A3SIM_LOOKS_INSIDE
#include <a2a3sim/recorder.h>

#ifdef set_flag  // or else PIPE_FIX is there, too
const pipe_t PIPE_FIX = 7;
#endif
#undef set_flag
#undef wait_flag

extern "C" __attribute__((visibility("hidden"))) void a2a3sim_sync(int what, int source,
                                                                   int destination, int event);

#define set_flag(source, destination, event)                                                  \
    a2a3sim_sync(A2A3_SYNC_SET_FLAG, static_cast<int>(source), static_cast<int>(destination), \
                 static_cast<int>(event))
#define wait_flag(source, destination, event)                                                  \
    a2a3sim_sync(A2A3_SYNC_WAIT_FLAG, static_cast<int>(source), static_cast<int>(destination), \
                 static_cast<int>(event))
#define pipe_barrier(pipe) a2a3sim_sync(A2A3_SYNC_BARRIER, static_cast<int>(pipe), 0, 0)

#endif
#endif
