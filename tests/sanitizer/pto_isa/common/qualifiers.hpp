// What a device's compiler knows as keywords means nothing on a host; the numbers of the pipes.
#ifndef PTO_STAND_IN_QUALIFIERS_HPP
#define PTO_STAND_IN_QUALIFIERS_HPP

#define __global__
#define __aicore__
#define __gm__
#define __in__
#define __out__
#define __ubuf__
#define __cbuf__
#define __ca__
#define __cb__
#define __cc__
#define __fbuf__
#define __tf__

typedef int pipe_t;
typedef int event_t;

const pipe_t PIPE_S = 0;
const pipe_t PIPE_V = 1;
const pipe_t PIPE_MTE1 = 2;
const pipe_t PIPE_MTE2 = 3;
const pipe_t PIPE_MTE3 = 4;
const pipe_t PIPE_M = 5;
const pipe_t PIPE_ALL = 6;

inline void pipe_barrier(pipe_t pipe) { (void)pipe; }

#define EVENT_ID0 0

#endif
