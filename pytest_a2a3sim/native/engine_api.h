/* The engine's whole C interface. cffi's cdef and the C++ sources read this one file: plain
 * declarations, and no preprocessor lines but these. Python takes the names of enumerators, the
 * lengths of arrays and the fields of structures from here too, so that each stands once.
 *
 * A function that returns int returns an a2a3_status; the others cannot fail. None throws. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum a2a3_status {
    A2A3_OK = 0,      /* done */
    A2A3_RUNNING = 1, /* the case still runs */
    A2A3_FAILED = 2,  /* the case failed: see a2a3_ending */
    A2A3_ERROR = 3    /* the engine itself could not do it: see a2a3_last_error() */
};

enum a2a3_core_type { A2A3_CORE_AIC = 0, A2A3_CORE_AIV = 1 };

/* Bytes that fresh device memory is filled with. */
enum a2a3_poison {
    A2A3_POISON_NAN = 0xFF,   /* a NaN in every float type */
    A2A3_POISON_NUMBER = 0x3B /* a common number in every float type, which arithmetic changes */
};

/* What an orchestration is written for. */
enum a2a3_runtime {
    A2A3_RUNTIME_HOST_BUILD_GRAPH = 0,
    A2A3_RUNTIME_AICPU_BUILD_GRAPH = 1,
    A2A3_RUNTIME_TENSORMAP_AND_RINGBUFFER = 2
};

/* Lengths of arrays below. */
enum a2a3_length {
    A2A3_MOST_ARGS = 16,        /* of a task that are shown */
    A2A3_RINGS = 4,             /* of a runtime of tensors */
    A2A3_TENSOR_DIMENSIONS = 5, /* of descriptors of tensors */
    A2A3_UNKNOWN_DTYPE = 255,   /* descriptors have none for it */
    A2A3_MOST_FRAMES = 48,
    A2A3_PATH_LENGTH = 1000,
    A2A3_MESSAGE_LENGTH = 8192,
    A2A3_DISTANCE_BOUNDS = 12,
    A2A3_ALLOWED_FACTORS = 8,
    A2A3_FIRST_MISMATCHES = 16,
    A2A3_FIRST_TASKS = 4,
    A2A3_MOST_FINDINGS = 100000,    /* of a sanitized case */
    A2A3_MOST_CORE_FINDINGS = 1000, /* those inside kernels */
    A2A3_MOST_STEP_NAME = 24,
    A2A3_MOST_DIMENSIONS = 8,          /* of a described range */
    A2A3_DESCRIPTION_NAME_LENGTH = 64, /* with its end */
    A2A3_DTYPE_LENGTH = 24
};

/* Why a case failed. */
enum a2a3_failure {
    A2A3_FAILURE_NONE = 0,
    A2A3_FAILURE_LOAD = 1,             /* an object or a symbol could not be loaded */
    A2A3_FAILURE_ORCHESTRATION = 2,    /* returned an error, crashed, hung, misused device memory */
    A2A3_FAILURE_GRAPH = 3,            /* bad ids, unknown kernel, wrong core type, cycle */
    A2A3_FAILURE_KERNEL_FAULT = 4,     /* a signal in a kernel, or damage that it did to memory */
    A2A3_FAILURE_KERNEL_EXIT = 5,      /* a kernel ended the process */
    A2A3_FAILURE_KERNEL_EXCEPTION = 6, /* a C++ exception left a kernel */
    A2A3_FAILURE_KERNEL_HANG = 7,      /* no task started or finished for too long */
    A2A3_FAILURE_OUT_OF_MEMORY = 8,    /* of the host, while simulating */
    A2A3_FAILURE_CORRUPTED = 9         /* the case overwrote what the engine keeps about it */
};

enum a2a3_phase {
    A2A3_PHASE_START = 0,
    A2A3_PHASE_LOAD = 1,
    A2A3_PHASE_ORCHESTRATE = 2,
    A2A3_PHASE_CHECK = 3,
    A2A3_PHASE_EXECUTE = 4,
    A2A3_PHASE_COPY_BACK = 5,
    A2A3_PHASE_ORDERS = 6, /* the outputs are on the host: further orders are executed */
    A2A3_PHASE_DONE = 7,
    A2A3_PHASE_COUNT = 8 /* of phases: none itself */
};

/* Which ready task is executed next. */
enum a2a3_schedule {
    A2A3_SCHEDULE_DEPTH_FIRST = 0, /* what a task made ready comes right after it; work stealing */
    A2A3_SCHEDULE_FIFO = 1,        /* the one that has been ready for longest */
    A2A3_SCHEDULE_LIFO = 2,        /* the one that became ready last */
    A2A3_SCHEDULE_RANDOM = 3,      /* any, by the seed */
    A2A3_SCHEDULE_REVERSE = 4,     /* the one that was added last */
    A2A3_SCHEDULE_CREATION = 5,    /* the one that was added first */
    A2A3_SCHEDULE_BEFORE = 6       /* the same, but two tasks of the seed run one after the other */
};

/* What a sanitized run looks for; bits. */
enum a2a3_check {
    A2A3_CHECK_MEMCHECK = 1,  /* accesses outside of live device buffers */
    A2A3_CHECK_RACECHECK = 2, /* conflicting accesses of tasks that nothing orders */
    A2A3_CHECK_INITCHECK = 4, /* reads of bytes that nobody wrote, on which something depends */
    A2A3_CHECK_SYNCCHECK = 8  /* flags between the pipes of a core that do not pair up */
};

/* Memories; those of a core first, as PTO ISA numbers its types of tiles. */
enum a2a3_space {
    A2A3_SPACE_UB = 0,
    A2A3_SPACE_L1 = 1,
    A2A3_SPACE_L0A = 2,
    A2A3_SPACE_L0B = 3,
    A2A3_SPACE_L0C = 4,
    A2A3_SPACE_BT = 5,
    A2A3_SPACE_FB = 6,
    A2A3_SPACE_GM = 7
};

/* What executes instructions of a core, asynchronously to each other, as PTO ISA's CPU backend
 * numbers them. */
enum a2a3_pipe {
    A2A3_PIPE_S = 0,
    A2A3_PIPE_V = 1,
    A2A3_PIPE_MTE1 = 2,
    A2A3_PIPE_MTE2 = 3,
    A2A3_PIPE_MTE3 = 4,
    A2A3_PIPE_M = 5,
    A2A3_PIPE_ALL = 6,
    A2A3_PIPE_FIX = 7
};

/* Of which chip a core's memories and rules are. */
enum a2a3_core_memory {
    A2A3_CORE_MEMORY_A2A3 = 0,
    A2A3_CORE_MEMORY_A5 = 1,
    A2A3_CORE_MEMORY_GENEROUS = 2 /* as A2A3, in memories without end */
};

/* What a finding is about. */
enum a2a3_finding_kind {
    A2A3_FINDING_RAW = 0,      /* the task with the lower id writes, the other one reads */
    A2A3_FINDING_WAR = 1,      /* the lower one reads, the other one writes */
    A2A3_FINDING_WAW = 2,      /* both write */
    A2A3_FINDING_READ = 3,     /* of memory that the task must not access */
    A2A3_FINDING_WRITE = 4,    /* the same */
    A2A3_FINDING_UNDEFINED = 5 /* read of bytes that nobody wrote */
};

typedef struct {
    const char* name;
    const char* object_path;
    const char* symbol;
    int32_t func_id;
    int32_t core_type; /* a2a3_core_type */
} a2a3_kernel;

typedef struct {
    const char* name;
    void* data; /* inside the window */
    size_t nbytes;
    int32_t read_only; /* writing to it is a fault */
    int32_t is_output; /* it is compared */
    int32_t dtype;     /* DataType of include/tensors/data_type.h, or A2A3_UNKNOWN_DTYPE */
    int32_t ndim;
    uint32_t shape[A2A3_TENSOR_DIMENSIONS];
    int32_t order_dependent; /* another order may leave other bytes in it, which others look at */
} a2a3_tensor;

/* What an orchestration gets. */
typedef struct {
    uint64_t bits;  /* of a tensor: its address */
    int32_t tensor; /* index, or -1 */
} a2a3_argument;

/* How much a ring holds, or held at most at a time. */
typedef struct {
    uint64_t tasks;
    uint64_t bytes; /* of outputs that the runtime allocated */
    uint64_t dependencies;
} a2a3_ring;

/* Why a task of a runtime of tensors waits for another one. */
typedef enum a2a3_dependency_kind {
    A2A3_DEPENDENCY_EXPLICIT, /* its author says so */
    A2A3_DEPENDENCY_CREATOR,  /* the memory of its tensor was made for the other one */
    A2A3_DEPENDENCY_RAW,      /* it reads what the other one has written */
    A2A3_DEPENDENCY_RAW_WAW,  /* and writes it */
    A2A3_DEPENDENCY_WAITED,   /* the orchestration has waited for the other one before */
    A2A3_DEPENDENCY_COUNT
} a2a3_dependency_kind;

enum { A2A3_TENSOR_DIMS = 5 };

/* Edges from each of some tasks of the graph to each of some others. Those of
 * the middle kinds are about elements of a tensor: those that the later task names. */
typedef struct {
    int32_t kind;
    int32_t source; /* the first of them */
    int32_t source_count;
    int32_t target;
    int32_t target_count;
    int32_t tensor; /* of the host, which the buffer was made for; -1: none */
    int64_t buffer; /* number; -1: none */
    uint64_t start; /* element of the buffer */
    uint32_t ndims;
    uint32_t shape[A2A3_TENSOR_DIMS];
    uint32_t strides[A2A3_TENSOR_DIMS]; /* elements */
} a2a3_dependency;

/* A device buffer to watch. It is placed so that an access next to it faults at once: its last
 * byte, or its first one where `underrun` is set, touches unreachable memory. */
typedef struct {
    int64_t buffer;
    int32_t underrun;
} a2a3_watch;

/* Device buffers by number, from 0 in the order of allocation: `begin` and those before `end`. */
typedef struct {
    int64_t begin;
    int64_t end;
} a2a3_buffer_range;

/* An order in which to execute the graph again. */
typedef struct {
    int32_t schedule; /* a2a3_schedule */
    uint64_t seed;    /* of A2A3_SCHEDULE_RANDOM; or of A2A3_SCHEDULE_BEFORE: in its upper 32 bits
                       * the task that runs first, in its lower ones the one right after it */
} a2a3_order;

/* Something that a sanitized run has found: bytes, and who accesses them. */
typedef struct {
    int32_t check;          /* a2a3_check */
    int32_t kind;           /* a2a3_finding_kind */
    int32_t tasks[2];       /* the lower id first; the second one is -1 where there is none */
    int32_t place;          /* a2a3_place_kind, of memcheck */
    int32_t is_reversed;    /* the missing edge leads from the higher id to the lower one */
    int32_t is_consequence; /* it follows from another finding, perhaps */
    int32_t writer;         /* of initcheck: a task that writes the bytes, unordered; else -1 */
    int32_t tensor;         /* that the bytes are copied from or to, or a part of; or -1 */
    int64_t tensor_offset;  /* of the first byte, in bytes */
    int64_t buffer;         /* number of the device buffer, from 0; or -1 */
    int64_t offset;         /* of the first byte from its start, in bytes */
    uint64_t span;          /* from the first byte to behind the last one */
    uint64_t bytes;         /* that it is about, of those */
    uint64_t codes[2];      /* code that accesses them, of each task; 0: unknown */
    uint64_t submitters[2]; /* code of the orchestration that added each task; 0: unknown */
} a2a3_finding;

/* What is wrong inside a kernel. */
enum a2a3_core_finding_kind {
    A2A3_CORE_FINDING_RAW = 0, /* the second instruction reads what the first one writes, */
    A2A3_CORE_FINDING_WAR = 1, /* writes what it reads, */
    A2A3_CORE_FINDING_WAW = 2, /* or what it writes, and nothing orders them */
    A2A3_CORE_FINDING_NEVER_SET = 3,
    A2A3_CORE_FINDING_NEVER_WAITED = 4,
    A2A3_CORE_FINDING_SET_TWICE = 5,
    A2A3_CORE_FINDING_OUT_OF_BOUNDS = 6,
    A2A3_CORE_FINDING_MISALIGNED = 7,
    A2A3_CORE_FINDING_OVERWRITTEN = 8, /* the first one writes another tile over one that the
                                        * second one reads */
    A2A3_CORE_FINDING_UNINITIALIZED = 9
};

/* What a core was told to do. */
enum a2a3_core_step_kind {
    A2A3_CORE_STEP_INSTRUCTION = 0,
    A2A3_CORE_STEP_SET = 1,
    A2A3_CORE_STEP_WAIT = 2,
    A2A3_CORE_STEP_BARRIER = 3,
    A2A3_CORE_STEP_SKIPPED = 4 /* steps, so many as `event` says */
};
typedef struct {
    int32_t kind;                   /* a2a3_core_step_kind */
    int32_t pipe;                   /* a2a3_pipe: that executes it, or the source of a flag */
    int32_t destination;            /* of a flag; or -1 */
    int32_t event;                  /* of a flag; or -1 */
    uint64_t code;                  /* behind the call */
    char name[A2A3_MOST_STEP_NAME]; /* of an instruction; "" of a scalar access */
} a2a3_core_step;

/* Something that a sanitized run has found inside tasks of one kernel. */
typedef struct {
    int32_t check;          /* a2a3_check */
    int32_t kind;           /* a2a3_core_finding_kind */
    int32_t task;           /* the first of those that it was found in */
    int32_t space;          /* a2a3_space, or -1 */
    int32_t is_consequence; /* what orders the instructions of another race orders these too */
    int64_t tasks;          /* how many */
    uint64_t offset;        /* of the first byte in its memory; of GM, its address */
    uint64_t bytes;         /* from the first one to behind the last one */
    uint64_t capacity;      /* of the memory, or 0 */
    int32_t steps[2];       /* those that it is about, in the order of issue: index in the table of
                             * steps, or -1 */
    int32_t first_step; /* what the core did around them: the first index in the table of steps, */
    int32_t step_count; /* and how many */
} a2a3_core_finding;

/* Ends of a flow that are no tasks. */
enum a2a3_flow_end {
    A2A3_FLOW_HOST = -1,  /* copied to the device, or back from it */
    A2A3_FLOW_NOBODY = -2 /* never written */
};

/* Bytes of a device buffer by which one task comes after another one in a serial run. */
typedef struct {
    int32_t kind;   /* a2a3_finding_kind: RAW, WAR or WAW */
    int32_t source; /* a task, or an a2a3_flow_end */
    int32_t to;     /* likewise: A2A3_FLOW_HOST for what is copied back */
    int32_t buffer;
    int32_t tensor; /* where one end is A2A3_FLOW_HOST: that it was copied from or goes to; or -1 */
    uint64_t bytes;
    uint64_t unread_bytes; /* of a WAW: those that nobody had read before they were replaced */
} a2a3_flow;

/* The arguments of a task. */
typedef struct {
    int32_t count;
    uint64_t args[A2A3_MOST_ARGS];
} a2a3_task_args;

/* A byte of a tensor that is copied back: who wrote it last? */
typedef struct {
    int32_t tensor;
    uint64_t offset;
} a2a3_question;

/* What a range of device memory holds: a tensor of the host, of which it is a copy or which is
 * copied back from it; or what the orchestration says of it. */
typedef struct {
    int64_t buffer;
    uint64_t offset; /* in the buffer, in bytes */
    uint64_t size;
    int32_t tensor;                          /* of the host; or -1, and then there are: */
    int32_t dimensions;                      /* lengths in `shape` */
    uint64_t shape[A2A3_MOST_DIMENSIONS];    /* elements */
    char name[A2A3_DESCRIPTION_NAME_LENGTH]; /* which several ranges may have */
    char dtype[A2A3_DTYPE_LENGTH];           /* as NumPy or ml_dtypes call it */
} a2a3_description;

/* Which tasks are looked at, and where their arguments go. */
typedef struct {
    uint64_t limit;     /* bytes of the file; 0: nothing is kept */
    int32_t descriptor; /* of a file to write to and to read from */
    int32_t all;        /* every task; or those that are listed, and those of the kernels listed */
    const int32_t* tasks;
    int32_t task_count;
    const int32_t* func_ids;
    int32_t func_id_count;
    int32_t
        changes_only; /* keep nothing but what the orchestration has described, as the first
                       * task that has it among its arguments and those that change it leave it */
} a2a3_dump_request;

/* Device memory that an argument of a task points into: what the innermost description is about,
 * else the whole buffer. A position in the file is -1 for bytes that are not there. */
typedef struct {
    int64_t buffer;
    uint64_t offset;
    uint64_t size;
    int64_t found;       /* where in the file the bytes are as the task found them, */
    int64_t left;        /* and as it left them; the same position if it did not change them */
    int32_t description; /* index in the table of descriptions; or -1 */
    int32_t changed;     /* by the task */
} a2a3_dumped_range;

/* A task that was looked at. */
typedef struct {
    int32_t task;
    int32_t func_id;
    int32_t arg_count;
    int32_t finished;
    uint64_t args[A2A3_MOST_ARGS];
    int32_t ranges[A2A3_MOST_ARGS]; /* index in the table of ranges; or -1: the argument points into
                                     * no buffer, or its range is left out */
} a2a3_dumped_task;

/* What a dump lacks. */
typedef struct {
    int64_t left_out; /* ranges for which there was no room */
    int32_t error;    /* an errno: the file could not be written; or 0 */
} a2a3_dump_gaps;

/* What a sanitized run looked at. */
typedef struct {
    int64_t tasks;
    uint64_t accesses;     /* of device memory, that were recorded */
    uint64_t bytes;        /* of device memory, counted once for each task that accesses them */
    uint64_t blind_bytes;  /* that changed without a recorded access */
    int64_t undecided;     /* tasks that read undefined bytes, with what effect is unknown */
    int64_t exchanging;    /* tasks that exchange something with others of their gang */
    int64_t findings;      /* of which the first A2A3_MOST_FINDINGS are listed */
    int64_t core_findings; /* inside kernels; of which the first A2A3_MOST_CORE_FINDINGS are */
    uint64_t instructions; /* of cores */
} a2a3_sanitized;

typedef struct a2a3_window a2a3_window;
typedef struct a2a3_process_server a2a3_process_server;
typedef struct a2a3_run a2a3_run;

typedef struct {
    const char* orchestration_path;
    const char* orchestration_symbol;
    const a2a3_kernel* kernels;
    int32_t kernel_count;
    const a2a3_tensor* tensors; /* ascending by data */
    int32_t tensor_count;
    a2a3_window* window;
    a2a3_process_server* process_server; /* or null */
    const char* environment; /* for a case that it starts: variables, a NUL behind each */
    size_t environment_size;
    const a2a3_argument* args; /* what the orchestration receives */
    int32_t arg_count;
    int32_t runtime;      /* a2a3_runtime */
    a2a3_ring ring_sizes; /* of each ring */
    int32_t block_dim;
    int32_t thread_count;                  /* 0: one for each simulated core */
    int32_t schedule;                      /* a2a3_schedule */
    uint64_t seed;                         /* as in a2a3_order */
    int32_t isolate;                       /* 0: run in the calling process, for debuggers */
    uint64_t device_memory_size;           /* bytes */
    const a2a3_buffer_range* other_poison; /* what is filled with A2A3_POISON_NUMBER when it is
                                            * fresh; other buffers with A2A3_POISON_NAN */
    int32_t other_poison_count;
    int64_t described_buffer;  /* whose use the ending describes; -1: of none */
    int32_t output_descriptor; /* what the case prints to stdout goes there; -1: to stdout */
    int32_t error_descriptor;  /* the same for stderr */
    const a2a3_watch* watches;
    int32_t watch_count;
    /* In which an isolated case is executed again. On several threads, the first of them is the
     * order of the case. Orders of pairs of tasks, which depend on what tasks have been seen to do,
     * come before the second one that is adverse to it. */
    const a2a3_order* orders;
    int32_t order_count;
    double order_seconds; /* ... unless its graph took more CPU time: then only as many as may show
                           * anything. 0: whatever it took, and as many as there are */
    const a2a3_question* questions; /* of a run whose flows are recorded */
    int32_t question_count;
    int32_t records_flows;   /* kernels are instrumented, on one thread */
    int32_t checks;          /* a2a3_check bits: kernels are instrumented, on one thread; or 0 */
    int32_t core_memory;     /* a2a3_core_memory */
    int32_t check_each_task; /* place watched buffers as usual, and look for damage around them
                              * after each task */
    a2a3_dump_request dump;  /* of a run on one thread */
    int32_t records_dependencies; /* a2a3_run_dependencies() has them */
    int32_t records_arguments; /* the recording has the arguments of tasks, and what device memory
                                * holds is described */
} a2a3_request;

/* Where a thread was: code addresses, innermost first, and the arguments of its task. */
typedef struct {
    int32_t arg_count;
    int32_t frame_count;
    uint64_t args[A2A3_MOST_ARGS];
    uint64_t frames[A2A3_MOST_FRAMES];
} a2a3_snapshot;

/* A task that is being executed, on core `core_id` of its type. */
typedef struct {
    int32_t task_id;
    int32_t func_id;
    int32_t core_type;
    int32_t core_id;
    double seconds; /* since its start */
    a2a3_snapshot snapshot;
} a2a3_running_task;

/* What the bytes at an address belong to. */
enum a2a3_place_kind {
    A2A3_PLACE_UNKNOWN = 0,
    A2A3_PLACE_NULL = 1,         /* within the first 64 KiB */
    A2A3_PLACE_BUFFER = 2,       /* in a live device buffer */
    A2A3_PLACE_NEAR_BUFFER = 3,  /* before its start or past its end */
    A2A3_PLACE_FREED_BUFFER = 4, /* in a device buffer that was freed */
    A2A3_PLACE_TENSOR = 5,       /* in a host tensor */
    A2A3_PLACE_NEAR_TENSOR = 6   /* among the host tensors, past the end of this one */
};

typedef struct {
    int32_t kind;
    int32_t tensor; /* index, or -1 */
    int64_t buffer; /* number of the device buffer, from 0 in the order of allocation; or -1 */
    int64_t call;   /* the call of device_malloc that made it, from 1 */
    uint64_t size;  /* of the buffer or tensor, in bytes */
    int64_t offset; /* of the address from its start, in bytes */
} a2a3_place;

/* An object file in the simulating process: code address - bias = address in the file. */
typedef struct {
    uint64_t begin;
    uint64_t end;
    uint64_t bias;
    char path[A2A3_PATH_LENGTH];
} a2a3_object;

/* Bytes of a tensor that were copied back from the device. */
typedef struct {
    int64_t tensor;
    uint64_t offset;
    uint64_t size;
    uint64_t changed; /* of those bytes, if they are private: how many had another value before */
    int64_t buffer;   /* that they came from */
} a2a3_copied_range;

enum a2a3_access {
    A2A3_ACCESS_UNKNOWN = 0,
    A2A3_ACCESS_READ = 1,
    A2A3_ACCESS_WRITE = 2,
    A2A3_ACCESS_EXECUTE = 3
};

/* When and where a task was executed. */
typedef struct {
    double start; /* seconds since the graph started */
    double end;
    int32_t func_id;
    int16_t core_type; /* a2a3_core_type */
    int16_t core_id;
    int32_t thread;
} a2a3_task_times;

/* What the run of a graph left behind. */
typedef struct {
    int64_t task_count;
    int64_t edge_count;
    const int32_t* func_ids;         /* of each task */
    const uint32_t* first_successor; /* task_count + 1 offsets into successors */
    const int32_t* successors;       /* ids, task by task */
    const uint64_t* first_argument;  /* task_count + 1 offsets into arguments; or null */
    const uint64_t* arguments;       /* task by task */
    const void* records;             /* of each task: see a2a3_recording_times() */
    double ticks_per_second;         /* of the records */
    void* memory;                    /* which holds all of it */
    size_t nbytes;
    void* reader; /* keeps later cases from it */
} a2a3_recording;

/* What a case did with one device buffer. */
typedef struct {
    int64_t call;     /* of device_malloc, from 1; 0: there is no such buffer */
    uint64_t size;    /* in bytes */
    uint64_t copied;  /* bytes that copy_to_device has put into it */
    uint64_t tensors; /* bit i: copy_to_device has read tensor i, for any buffer; of the first 64 */
    int64_t task_count;              /* that have an address in it among their arguments */
    int32_t tasks[A2A3_FIRST_TASKS]; /* the first of them, else -1 */
    int32_t func_ids[A2A3_FIRST_TASKS];
    a2a3_snapshot allocation; /* code addresses of the call */
} a2a3_buffer_use;

/* How a case ended. */
typedef struct {
    int32_t failure; /* a2a3_failure */
    int32_t phase;   /* a2a3_phase at which the case ended */
    int32_t task_id; /* of the task at fault, else -1 */
    int32_t func_id; /* of the kernel or object at fault, else -1 */
    int32_t core_type;
    int32_t core_id;
    int32_t signal_number; /* 0: none */
    int32_t signal_code;
    int32_t exit_status; /* -1: none */
    uint64_t address;    /* that the signal names, or where memory was damaged */
    int32_t has_address;
    int32_t access;           /* a2a3_access */
    int32_t stack_overflow;   /* the thread ran out of stack */
    int32_t missing_argument; /* that the kernel tried to reach and its task has not; else -1 */
    int32_t damage;           /* `address` is the byte next to a buffer that was overwritten */
    int32_t exception;        /* a C++ exception was not caught: the message describes it */
    int32_t timed_out;        /* the limit that was passed is that of the whole case */
    double hang_seconds;
    a2a3_snapshot snapshot; /* of the thread at fault */
    double phase_seconds[A2A3_PHASE_COUNT];
    double ticks_per_second;
    int64_t origin_ticks;      /* when the graph started */
    int64_t start_nanoseconds; /* of CLOCK_MONOTONIC, when the first phase began; the others
                                * follow without a gap */
    int64_t task_count;
    int64_t edge_count;
    int64_t buffer_count; /* device buffers ever allocated */
    uint64_t device_bytes_peak;
    uint64_t device_bytes_live;
    uint64_t refused_bytes; /* of the first device_malloc that the device was too full for */
    int64_t refused_call;   /* its number, from 1; 0: there was none */
    int32_t orders_agree;   /* all further orders ended, and left the same outputs */
    a2a3_order pair_order; /* the last one that a2a3_request.orders does not have: of two tasks that
                            * nothing orders, which use the same bytes. Its schedule is
                            * A2A3_SCHEDULE_BEFORE, or there was none */
    int32_t described;     /* ranges that the orchestration has described */
    int32_t quick;         /* the graph took less CPU time than a2a3_request.order_seconds */
    uint64_t peak_rss_bytes;     /* of the simulating process; 0: the calling process simulated */
    a2a3_ring rings[A2A3_RINGS]; /* what had to be in them at a time at most */
    a2a3_buffer_use use;         /* of a2a3_request.described_buffer, if the case ran to its end */
    a2a3_sanitized sanitized;    /* all zero unless the run was */
    char message[A2A3_MESSAGE_LENGTH];
} a2a3_ending;

/* The text of the calling thread's last A2A3_ERROR. */
const char* a2a3_last_error(void);

/* What forks the processes of cases in place of this process, which gets slow by it. A case that
 * needs a fork of this process gets one: one whose window is large, for one. The program is started
 * by the first case that can do without; it calls a2a3_serve_processes() with its stdin. Destroy it
 * when all of its cases are. `commands`: that execute one, of which the first that does is taken;
 * the words of all of them, one command after the other, which have so many each. */
int a2a3_process_server_create(const char* const* words, const int32_t* lengths, int32_t commands,
                               a2a3_process_server** server);
void a2a3_process_server_destroy(a2a3_process_server* server);
void a2a3_serve_processes(int descriptor); /* does not return */

/* Memory for so many host tensors of these sizes, all zero: the simulated case has the first
 * `private_count` ones for itself, with the content that they had at its start, and shares the
 * others with its parent. `for_process_server`: of a case that a process server starts, if
 * possible. `threads`: that large memory comes on. Destroy it last. */
int a2a3_window_create(const uint64_t* sizes, int32_t private_count, int32_t count,
                       int32_t for_process_server, int32_t threads, a2a3_window** window);
void* a2a3_window_tensor(a2a3_window* window, int32_t index);
/* Gives a tensor, once, the bytes of an array, which it shares with it where it can
 * (a2a3_array_handler). On several threads if they are many. `is_zero`: whether all of them are. */
int a2a3_window_fill(a2a3_window* window, int32_t index, const void* from, int32_t threads,
                     int32_t* is_zero);
/* Gives private memory back; what it reads as from then on is not said. */
void a2a3_window_drop_private(a2a3_window* window);
void a2a3_window_destroy(a2a3_window* window);

/* A handler of memory for NumPy (PyDataMem_Handler), which puts large arrays where windows can
 * share their pages, and others where NumPy's own one, `other`, does. NULL: that is somebody
 * else's, or there is no memory. It does so between the two calls, on whatever thread; from the
 * second one on those arrays are as any other. `threads`: that their memory comes on. */
void* a2a3_array_handler(const void* other);
void a2a3_arrays_open(int32_t threads);
void a2a3_arrays_close(void);

/* Starts a case. With isolation it runs in a process of its own and this returns at once. */
int a2a3_run_start(const a2a3_request* request, a2a3_run** run);

/* What a case is waited for: its outputs on the host, which no kernel reaches any more, though
 * further orders may still be executed and an ending that does not add up be found; or its end. */
typedef enum { A2A3_UNTIL_OUTPUTS, A2A3_UNTIL_END } a2a3_until;

/* Waits up to `seconds`: A2A3_RUNNING, A2A3_OK or A2A3_FAILED. A case that makes no progress
 * for `hang_seconds` is killed and has failed. May return early when a signal arrives. */
int a2a3_run_wait(a2a3_run* run, a2a3_until until, double seconds, double hang_seconds);

/* How far the graph of a case that runs is. */
typedef struct {
    int64_t task_count;
    int64_t finished;                   /* tasks */
    double seconds;                     /* since the graph started */
    int32_t running;                    /* tasks that are on a core, */
    int32_t func_ids[A2A3_FIRST_TASKS]; /* and the kernels of the first of them */
} a2a3_progress;
int a2a3_run_progress(const a2a3_run* run, a2a3_progress* progress); /* 0: no graph is executed */

/* Ends a case that has run for `seconds`, as one that hangs. */
int a2a3_run_time_out(a2a3_run* run, double seconds);

/* How the case ended, once a2a3_run_wait() has told that it did. */
void a2a3_run_ending(const a2a3_run* run, a2a3_ending* ending);

/* The tasks that were executing when the case ended, at most `capacity`; `count` gets how many.
 * There are none, no copied ranges and no objects before a2a3_run_wait() has told that it ended. */
int a2a3_run_running_tasks(const a2a3_run* run, a2a3_running_task* tasks, int32_t capacity,
                           int32_t* count);

/* Bytes of tensors that were copied back from the device, in the order of copying. The array is
 * valid until a2a3_run_destroy(). */
const a2a3_copied_range* a2a3_run_copied_ranges(const a2a3_run* run, int64_t* count);

/* What is at an address of the simulating process. Next to two buffers, it is the one that one of
 * `args` points into, else the nearer. */
void a2a3_run_place(const a2a3_run* run, uint64_t address, const uint64_t* args, int32_t arg_count,
                    a2a3_place* place);

/* The object files that the simulating process had loaded, valid until a2a3_run_destroy(). */
const a2a3_object* a2a3_run_objects(const a2a3_run* run, int64_t* count);

/* What a sanitized case has found, valid until a2a3_run_destroy(). */
const a2a3_finding* a2a3_run_findings(const a2a3_run* run, int64_t* count);
const a2a3_core_finding* a2a3_run_core_findings(const a2a3_run* run, int64_t* count);
const a2a3_core_step* a2a3_run_core_steps(const a2a3_run* run, int64_t* count);

/* The flows of a case that recorded them, and the arguments of each task by its id; the answers to
 * its questions, in their order: a task, or an a2a3_flow_end. Valid until a2a3_run_destroy(). */
const a2a3_task_args* a2a3_run_task_args(const a2a3_run* run, int64_t* count);
const a2a3_flow* a2a3_run_flows(const a2a3_run* run, int64_t* count);
const int32_t* a2a3_run_answers(const a2a3_run* run, int64_t* count);

/* The dump of a case, valid until a2a3_run_destroy(): tasks in the order in which they ran, also
 * those of a case that failed. */
const a2a3_description* a2a3_run_descriptions(const a2a3_run* run, int64_t* count);
/* Those of a run that records them; of a task without kernels there are those that it passes on. */
const a2a3_dependency* a2a3_run_dependencies(const a2a3_run* run, int64_t* count);

const a2a3_dumped_task* a2a3_run_dumped_tasks(const a2a3_run* run, int64_t* count);
const a2a3_dumped_range* a2a3_run_dumped_ranges(const a2a3_run* run, int64_t* count);
void a2a3_run_dump_gaps(const a2a3_run* run, a2a3_dump_gaps* gaps);

/* A device buffer of a case that has ended. False if there is none of that number. */
typedef struct {
    int64_t call;     /* of device_malloc that made it, from 1 */
    uint64_t begin;   /* address of its first byte */
    uint64_t size;    /* in bytes */
    uint64_t caller;  /* code that called device_malloc */
    int32_t live;     /* 0: it was freed */
    double allocated; /* seconds since the graph started: negative before that; 0 unless the case
                       * ran to its end */
    double freed;     /* likewise; 0 of a live one */
} a2a3_buffer;
int a2a3_run_buffer(const a2a3_run* run, int64_t number, a2a3_buffer* buffer);

/* Maps what a case that ran to its end has recorded. It outlives the run, until it is unmapped. */
int a2a3_run_map_recording(const a2a3_run* run, a2a3_recording* recording);
void a2a3_unmap_recording(const a2a3_recording* recording);

/* Decodes the times of some tasks, in the order of their ids: `times` has room for `count`. */
void a2a3_recording_times(const a2a3_recording* recording, const int32_t* tasks, int64_t count,
                          a2a3_task_times* times);

/* Kills the case if it still runs, and frees everything. */
void a2a3_run_destroy(a2a3_run* run);

/* An acyclic graph and how long each task takes. */
typedef struct {
    int32_t task_count;
    const double* seconds;
    const int8_t* core_types;        /* a2a3_core_type */
    const uint32_t* first_successor; /* task_count + 1 offsets into successors */
    const int32_t* successors;
} a2a3_timed_graph;

/* Seconds that list scheduling needs for the graph on block_dim AIC and 2 * block_dim AIV cores. */
int a2a3_list_schedule(const a2a3_timed_graph* graph, int32_t block_dim, double* makespan);

/* A longest path, first task first: `path` has room for every task, `length` gets the number. */
int a2a3_critical_path(const a2a3_timed_graph* graph, int32_t* path, int32_t* length);

/* The element type of compared tensors. */
enum a2a3_element {
    A2A3_FLOAT64 = 0,
    A2A3_FLOAT32 = 1,
    A2A3_FLOAT16 = 2,
    A2A3_BFLOAT16 = 3,
    A2A3_FLOAT8 = 4, /* any type of 8 bits: see a2a3_comparison.values */
    A2A3_BOOL = 5,
    A2A3_INT8 = 6,
    A2A3_INT16 = 7,
    A2A3_INT32 = 8,
    A2A3_INT64 = 9,
    A2A3_UINT8 = 10,
    A2A3_UINT16 = 11,
    A2A3_UINT32 = 12,
    A2A3_UINT64 = 13
};

/* Two tensors to compare, each contiguous. Elements match where
 * |actual - expected| <= atol + rtol * |expected|, computed in double; NaN and
 * NaN match where nan_differs is 0. */
typedef struct {
    const void* actual;
    const void* expected;
    uint64_t count;       /* elements of each */
    int32_t element;      /* a2a3_element */
    int32_t thread_count; /* at most; small tensors use fewer */
    double rtol;
    double atol;
    int32_t nan_differs;  /* 1: a NaN that is expected matches nothing */
    const double* values; /* A2A3_FLOAT8: what each of the 256 bit patterns means; else null */
    uint8_t* mask;        /* null, or `count` zeros: set to 1 where elements do not match */
} a2a3_comparison;

typedef struct {
    uint64_t nan;
    uint64_t positive_infinity;
    uint64_t negative_infinity;
} a2a3_census;

/* What a comparison found. An index of -1 means that there is no such element.
 *
 * The absolute error is 0 where both are NaN or the same infinity, infinite where only one is;
 * 1 for bools that differ. The relative error divides it by |expected|; where that has no value,
 * it is infinite. The distance counts representable values: ULPs for a float type, 0 where one
 * of the two is not finite; the exact difference for an int type; 1 for bools that differ. */
typedef struct {
    uint64_t differing;  /* elements with an absolute error */
    uint64_t mismatched; /* elements whose absolute error is more than allowed */
    uint64_t undefined;  /* elements with an absolute error but without a distance */
    double max_absolute;
    int64_t max_absolute_index; /* of the first that has it; so are the next two */
    double max_relative;
    int64_t max_relative_index;
    uint64_t max_distance;
    int64_t max_distance_index;
    a2a3_census actual;
    a2a3_census expected;
    /* elements with a distance above a2a3_distance_bounds() */
    uint64_t beyond_distance[A2A3_DISTANCE_BOUNDS];
    /* elements with an error above allowed times a2a3_allowed_factors() */
    uint64_t beyond_allowed[A2A3_ALLOWED_FACTORS];
    int64_t first[A2A3_FIRST_MISMATCHES]; /* elements that do not match, ascending */
    int32_t first_count;
} a2a3_difference;

/* The bounds of beyond_distance and of beyond_allowed, each ascending. */
const uint64_t* a2a3_distance_bounds(void);
const double* a2a3_allowed_factors(void);

/* Compares two tensors. */
int a2a3_compare(const a2a3_comparison* comparison, a2a3_difference* difference);
