"""Golden directories that are broken on purpose, each with what its failure must say.

Each runs three tasks in a row, all of the kernel ``broken`` and with these arguments:

    x       device buffer #0, 64 bytes: it ends where unreachable memory begins
    y       device buffer #1, 60 bytes: 4 bytes lie between its end and unreachable memory
    n       15
    task    the task's id; bodies run in task 1, the others double x into y
    freed   device buffer #2, 4,096 bytes, freed by the orchestration
    host_x  address of the host tensor "x", float32 of shape (2, 8)

A line marked ``// HERE`` is the one that must be named.
"""

from __future__ import annotations

import platform
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MARK = "// HERE"
TASK = 1
HANG_TIMEOUT = 1.0

_GOLDEN = """
import numpy as np


def generate_inputs(params):
    {inputs}
    return {{
        "x": np.arange(16, dtype=np.float32).reshape(2, 8),
        "out_y": np.zeros((3, 5), dtype=np.float32),
    }}


def compute_golden(tensors, params):
    {golden}
    tensors["out_y"].reshape(-1)[:] = 2 * tensors["x"].reshape(-1)[:15]
"""

_CONFIG = """
KERNELS = [
    {{"func_id": 3, "name": "broken", "source": "broken.cpp", "core_type": "aiv", {options}}}
]
ORCHESTRATION = {{"source": "{orchestration}", "function_name": "build_graph"}}
RUNTIME_CONFIG = {{"block_dim": 2}}
"""

_KERNEL = """\
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>
{before}
extern "C" void kernel_entry(int64_t* args) {{
    float* x = reinterpret_cast<float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    const int64_t n = args[2];
    float* freed = reinterpret_cast<float*>(args[4]);
    float* host_x = reinterpret_cast<float*>(args[5]);
    (void)freed, (void)host_x;
    for (int64_t i = 0; i < {written}; ++i) y[i] = 2 * x[i];
    if (args[3] != 1) return;
{body}
}}
"""

_ORCHESTRATION = """\
#include <stdlib.h>
#include "runtime.h"
{before}
extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {{
    HostApi& api = runtime->host_api;
    void* host_x = reinterpret_cast<void*>(args[0]);
    void* host_y = reinterpret_cast<void*>(args[1]);
    const size_t y_bytes = args[3];
    void* x = api.device_malloc(64);
    void* y = api.device_malloc(y_bytes);
    void* freed = api.device_malloc(4096);
    api.device_free(freed);
    api.copy_to_device(x, host_x, 64);
{body}
    int previous = -1;
    for (uint64_t id = 0; id < 3; ++id) {{
        uint64_t task[] = {{reinterpret_cast<uint64_t>(x), reinterpret_cast<uint64_t>(y), 15, id,
                           reinterpret_cast<uint64_t>(freed), args[0]}};
        const int added = runtime->add_task(task, 6, {func_id}, CoreType::AIV);
        if (previous >= 0) runtime->add_successor(previous, added);
        previous = added;
    }}
{end}
    return 0;
}}
"""

_RECORD = "runtime->record_tensor_pair(host_y, y, y_bytes);"
_SHARED_ORCHESTRATION = _ORCHESTRATION.format(before="", body="", func_id=3, end=_RECORD)


@dataclass(frozen=True)
class Broken:
    """One broken directory.

    Attributes:
        kind: of the failure; None for one that must pass all the same.
        body: statements of the kernel in task 1, after it has done its work.
        before: declarations before the kernel.
        orchestration: statements of the orchestration; None for the shared one.
        in_kernel: whether the failure names the kernel.
        task: that it names, or None.
        message: regular expressions that the message matches.
    """

    name: str
    kind: str | None
    body: str = ""
    before: str = ""
    written: str = "n"
    kernel: str | None = None
    kernel_options: str = ""
    orchestration: str | None = None
    orchestration_before: str = ""
    orchestration_end: str = _RECORD
    func_id: int = 3
    inputs: str = "pass"
    golden: str = "pass"
    task: int | None = None
    in_kernel: bool = False
    buffer: int | None = None
    offset: int | None = None
    message: tuple[str, ...] = ()
    hangs: bool = False
    settings: Mapping[str, int] = field(default_factory=dict)

    def create(self, root: Path) -> Path:
        """Writes the directory below ``root``; its orchestration is shared where it can be."""
        directory = root / self.name
        kernels = directory / "kernels"
        kernels.mkdir(parents=True)
        golden = _GOLDEN.format(inputs=self.inputs, golden=self.golden)
        (directory / "golden.py").write_text(golden)
        (kernels / "broken.cpp").write_text(self._kernel())
        if self.has_own_orchestration:
            source = kernels / "orchestration.cpp"
            source.write_text(
                _ORCHESTRATION.format(
                    before=self.orchestration_before,
                    body=_indent(self.orchestration or ""),
                    func_id=self.func_id,
                    end=_indent(self.orchestration_end),
                )
            )
        else:
            source = root / "shared_orchestration.cpp"
            if not source.exists():
                source.write_text(_SHARED_ORCHESTRATION)
        config = _CONFIG.format(options=self.kernel_options, orchestration=source)
        (kernels / "kernel_config.py").write_text(config)
        return directory

    @property
    def has_own_orchestration(self) -> bool:
        """Whether it is not the shared one."""
        own = (self.orchestration, self.orchestration_before, self.orchestration_end, self.func_id)
        return own != (None, "", _RECORD, 3)

    def _kernel(self) -> str:
        if self.kernel is not None:
            return textwrap.dedent(self.kernel)
        return _KERNEL.format(
            before=textwrap.dedent(self.before), body=_indent(self.body), written=self.written
        )


def _indent(text: str) -> str:
    return textwrap.indent(textwrap.dedent(text).strip("\n"), "    ")


def _in_kernel(  # noqa: PLR0913 - the fields of Broken
    name: str,
    kind: str,
    body: str,
    *message: str,
    before: str = "",
    buffer: int | None = None,
    offset: int | None = None,
    hangs: bool = False,
) -> Broken:
    return Broken(
        name,
        kind,
        body,
        before,
        task=TASK,
        in_kernel=True,
        buffer=buffer,
        offset=offset,
        message=message,
        hangs=hangs,
    )


def _harmless(name: str, body: str, before: str = "") -> Broken:
    return Broken(name, None, body, before)


_FAULTS = (
    _in_kernel(
        "overrun-by-one-byte",
        "kernel-fault",
        "reinterpret_cast<char*>(y)[60] = 1;  // HERE",
        r"wrote just past the end of device buffer #1 \(SIGSEGV\)\n  address 0x\w+: just past the "
        r"end of device buffer #1 \(60 bytes\), allocated by call 2 of device_malloc\n",
        "The first run did not fault",
        buffer=1,
        offset=60,
    ),
    _in_kernel(
        "overrun-by-one-element",
        "kernel-fault",
        "x[16] = 1;  // HERE",
        r"wrote just past the end of device buffer #0 \(SIGSEGV\)",
        buffer=0,
        offset=64,
    ),
    _in_kernel(
        "overrun-by-one-element-in-the-slack",
        "kernel-fault",
        "y[n] = 1;  // HERE",
        "just past the end of device buffer #1",
        buffer=1,
        offset=60,
    ),
    _in_kernel(
        "overrun-by-a-page",
        "kernel-fault",
        "y[n + 1024] = 1;  // HERE",
        "4,096 bytes past the end of device buffer #1",
        buffer=1,
        offset=60 + 4096,
    ),
    _in_kernel(
        "overrun-while-reading",
        "kernel-fault",
        "y[0] = x[17];  // HERE",
        "read 4 bytes past the end of device buffer #0",
        buffer=0,
        offset=68,
    ),
    _in_kernel(
        "overrun-in-libc",
        "kernel-fault",
        "volatile size_t size = 4096;\nmemset(y, 0, size);  // HERE",
        "bytes past the end of device buffer #1",
        r"#0 .*libc.*\n\s+#1 kernel_entry",
        buffer=1,
    ),
    _in_kernel(
        "overrun-in-an-inlined-function",
        "kernel-fault",
        "fill(x, 2 * n);",
        r"#0 .* at .*broken.cpp:10\n\s+#1 .* at .*broken.cpp:\d+",
        before="""\

            inline void fill(float* to, int64_t count) {
                for (int64_t i = 0; i < count; ++i) const_cast<volatile float*>(to)[i] = 0;  // HERE
            }""",
        buffer=0,
        offset=64,
    ),
    _in_kernel(
        "underrun-by-one-element",
        "kernel-fault",
        "y[-1] = 1;  // HERE",
        "wrote 4 bytes before the start of device buffer #1",
        "The first run did not fault",
        buffer=1,
        offset=-4,
    ),
    _in_kernel(
        "underrun-by-a-page",
        "kernel-fault",
        "y[-1100] = 1;  // HERE",
        "4,400 bytes before the start of device buffer #1",
        buffer=1,
        offset=-4400,
    ),
    _in_kernel(
        "use-after-free",
        "kernel-fault",
        "freed[3] = 1;  // HERE",
        r"wrote to freed device buffer #2 \(SIGSEGV\)",
        r"  address 0x\w+: at byte 12 of device buffer #2 \(4,096 bytes\), allocated by call 3 "
        "of device_malloc, which was freed",
        r"args\[4\] = 0x[0-9a-f]+, device buffer #2 \(4,096 bytes\), which was freed",
        buffer=2,
        offset=12,
    ),
    _in_kernel(
        "host-pointer",
        "kernel-fault",
        "y[0] = host_x[11];  // HERE",
        "read host tensor 'x': a host pointer reached it",
        r"  address 0x\w+: inside host tensor 'x' at element \[1, 3\]",
        r"args\[5\] = 0x[0-9a-f]+, host tensor 'x' \(64 bytes\)",
    ),
    _in_kernel(
        "null",
        "kernel-fault",
        "volatile float* volatile nothing = nullptr;\nnothing[2] = 1;  // HERE",
        r"wrote to a null pointer, or close to one \(SIGSEGV\)\n  address 0x8: ",
    ),
    _in_kernel(
        "null-function",
        "kernel-fault",
        "void (*volatile nothing)() = nullptr;\nnothing();  // HERE\ny[0] = 1;",
        r"jumped to a null pointer, or close to one \(SIGSEGV\)\n  address 0x0: ",
    ),
    _in_kernel(
        "wild",
        "kernel-fault",
        "float* volatile wild = reinterpret_cast<float*>(0x500000000000);\n*wild = 1;  // HERE",
        r"wrote to a wild address \(SIGSEGV\)\n  address 0x5\w+: neither device memory nor a host ",
    ),
    _in_kernel(
        "not-canonical",
        "kernel-fault",
        "float* volatile wild = reinterpret_cast<float*>(0x1234567890abcdf0);\n*wild = 1;  // HERE",
        "accessed a wild address",
    ),
    _in_kernel(
        "constant-written",
        "kernel-fault",
        "*const_cast<volatile int*>(&constant) = 1;  // HERE",
        "wrote to a wild address",
        before="extern const int constant = 5;",
    ),
    _in_kernel(
        "stack-overflow",
        "kernel-fault",
        "y[0] = deeper(1);",
        r"in task 1 overflowed its stack \(SIGSEGV\)",
        before="""\

            __attribute__((noinline)) int deeper(int depth) {
                volatile char frame[256];
                frame[depth % 256] = 1;
                return deeper(depth + 1) + frame[depth % 255];
            }""",
    ),
    _in_kernel(
        "division-by-zero",
        "kernel-fault",
        "volatile int zero = 0;\ny[0] = 3 / zero;  // HERE",
        r"received SIGFPE \(division of an integer by zero\)",
    ),
    _in_kernel("abort", "kernel-fault", "abort();  // HERE", r"received SIGABRT \(abort\)"),
    _in_kernel("trap", "kernel-fault", "__builtin_trap();  // HERE", "received SIG(ILL|TRAP)"),
    _in_kernel(
        "kills-its-process",
        "kernel-fault",
        "kill(getpid(), SIGKILL);\nfor (;;) pause();",
        "received SIGKILL",
    ),
    _in_kernel(
        "kills-its-process-group",
        "kernel-fault",
        "kill(0, SIGTERM);\nfor (;;) pause();",
        "received SIGTERM",
    ),
    _in_kernel(
        "ignores-signals-and-faults",
        "kernel-fault",
        """\
            for (int s = 1; s < 32; ++s) signal(s, SIG_IGN);
            *reinterpret_cast<volatile int*>(8) = 1;""",
        "wrote to a null pointer",
    ),
    Broken(
        "thread-of-a-kernel-faults",
        "kernel-fault",
        "pthread_t thread;\npthread_create(&thread, nullptr, crash, nullptr);\nfor (;;) pause();",
        """\

        void* crash(void*) {
            *reinterpret_cast<volatile int*>(8) = 1;  // HERE
            return nullptr;
        }""",
        task=TASK,
        in_kernel=True,
        message=("wrote to a null pointer, or close to one",),
    ),
    Broken(
        "static-constructor-faults",
        "kernel-fault",
        before="struct Faulty { Faulty() { *reinterpret_cast<volatile int*>(8) = 1; } } faulty;  "
        "// HERE",
        in_kernel=True,
        message=("kernel 'broken', while it was loaded, wrote to a null pointer",),
    ),
)

_X86_FAULTS = (
    _in_kernel(
        "misaligned-vector-store",
        "kernel-fault",
        "*reinterpret_cast<volatile Vector*>(x + 1) = Vector{1, 2, 3, 4};  // HERE",
        "accessed a misaligned vector in device buffer #0",
        before="typedef float Vector __attribute__((vector_size(16)));",
        buffer=0,
        offset=4,
    ),
)

_EXITS = (
    _in_kernel("exit-0", "kernel-exit", "exit(0);  // HERE", "with exit status 0"),
    _in_kernel("exit-3", "kernel-exit", "exit(3);  // HERE", "with exit status 3"),
    _in_kernel("quick-exit", "kernel-exit", "quick_exit(5);  // HERE", "with exit status 5"),
    _in_kernel("ends-its-thread", "kernel-exit", "pthread_exit(nullptr);", "ended its thread"),
    _in_kernel("immediate-exit", "kernel-exit", "_exit(4);", "with exit status 4"),
    _in_kernel("immediate-exit-0", "kernel-exit", "_exit(0);", "with exit status 0"),
    Broken(
        "static-constructor-exits",
        "kernel-exit",
        before="struct Quitter { Quitter() { exit(0); } } quitter;  // HERE",
        in_kernel=True,
        message=("while it was loaded, ended the process with exit status 0",),
    ),
)

_EXCEPTIONS = (
    _in_kernel(
        "exception-in-a-thread",
        "kernel-exception",
        """\
        pthread_t thread;
        pthread_create(&thread, nullptr, run, nullptr);
        for (;;) pause();""",
        "int, which is not a std::exception",
        before="void* run(void*) { throw 7; }  // HERE",
    ),
    _in_kernel(
        "exception",
        "kernel-exception",
        'throw std::runtime_error("bad tile");  // HERE',
        "a C\\+\\+ exception left kernel 'broken' in task 1: std::runtime_error: bad tile",
        before="#include <stdexcept>",
    ),
    _in_kernel(
        "exception-of-the-library",
        "kernel-exception",
        'y[0] = std::string("tile").at(n);  // HERE',
        "std::out_of_range: ",
        before="#include <string>",
    ),
    _in_kernel(
        "exception-that-is-a-number",
        "kernel-exception",
        "throw 7;  // HERE",
        "int, which is not a std::exception",
    ),
    _in_kernel(
        "exception-in-noexcept",
        "kernel-exception",
        "calm();",
        "int, which is not a std::exception",
        before="void calm() noexcept { throw 7; }",
    ),
    Broken(
        "static-constructor-throws",
        "kernel-exception",
        before="struct Thrower { Thrower() { throw 7; } } thrower;  // HERE",
        in_kernel=True,
        message=("a C\\+\\+ exception left kernel 'broken'", "while it was loaded"),
    ),
)

_HANGS = (
    _in_kernel(
        "infinite-loop",
        "kernel-hang",
        "for (volatile bool forever = true; forever;) {}  // HERE",
        r"the graph hangs: no task started or finished for \d\.\d s",
        r"task 1: kernel 'broken' \(func_id 3\) on core AIV \d for \d\.\d s, at .*broken\.cpp:",
        r"args\[2\] = 15",
        hangs=True,
    ),
    _in_kernel(
        "deadlocked-mutex",
        "kernel-hang",
        "pthread_mutex_lock(&mutex);\npthread_mutex_lock(&mutex);  // HERE",
        r"#\d .*libc.*\n\s+#\d kernel_entry at .*broken\.cpp:",
        before="pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;",
        hangs=True,
    ),
    Broken(
        "orchestration-hangs",
        "orchestration-error",
        orchestration="for (volatile bool forever = true; forever;) {}  // HERE",
        message=("the orchestration hangs: it called nothing of the runtime for",),
        hangs=True,
    ),
)

_HARMLESS = (
    Broken("good-first", None),
    _harmless("closes-descriptors", "for (int i = 0; i < 4096; ++i) close(i);"),
    _harmless("changes-directory", 'if (chdir("/") != 0) abort();'),
    _harmless(
        "handles-signals",
        "for (int s = 1; s < 65; ++s) signal(s, nothing);",
        "void nothing(int) {}",
    ),
    _harmless("forks-and-returns", "if (fork() < 0) abort();"),
    _harmless(
        "forks-and-waits",
        """\
        if (const pid_t child = fork()) {
            int status = 1;
            if (waitpid(child, &status, 0) != child || status != 0) abort();
        } else {
            exit(0);
        }""",
        "#include <sys/wait.h>",
    ),
    _harmless("forks-and-leaves", "if (fork() == 0) for (;;) pause();"),
    _harmless("forks-a-daemon", "if (fork() == 0 && setsid() > 0) for (;;) pause();"),
    _harmless(
        "leaves-threads",
        "pthread_t thread;\nfor (int i = 0; i < 4; ++i) pthread_create(&thread, nullptr, sleep_on, "
        "nullptr);",
        "void* sleep_on(void*) { for (;;) pause(); }",
    ),
    _harmless(
        "prints-100-megabytes",
        "static char text[1 << 20];\nmemset(text, '.', sizeof text);\n"
        "for (int i = 0; i < 100; ++i) if (write(1, text, sizeof text) < 0) abort();",
    ),
    Broken("records-a-pair-twice", None, orchestration_end=f"{_RECORD}\n{_RECORD}"),
    Broken("good-last", None),
)

_ORCHESTRATIONS = (
    Broken(
        "orchestration-returns-error",
        "orchestration-error",
        orchestration="return -3;",
        message=(r"the orchestration returned -3",),
    ),
    Broken(
        "orchestration-builds-nothing",
        "orchestration-error",
        orchestration="return 0;",
        message=("returned 0 but added no task",),
    ),
    Broken(
        "orchestration-throws",
        "orchestration-error",
        orchestration="throw 7;  // HERE",
        message=("a C\\+\\+ exception left the orchestration: int",),
    ),
    Broken(
        "orchestration-faults",
        "orchestration-error",
        orchestration="*reinterpret_cast<volatile int*>(8) = 1;  // HERE",
        message=("the orchestration wrote to a null pointer, or close to one",),
    ),
    Broken(
        "orchestration-exits",
        "orchestration-error",
        orchestration="exit(0);  // HERE",
        message=("the orchestration ended the process with exit status 0",),
    ),
    Broken(
        "orchestration-constructor-throws",
        "orchestration-error",
        orchestration_before="struct Thrower { Thrower() { throw 7; } } thrower;  // HERE",
        message=("the orchestration, while it was loaded",),
    ),
    Broken(
        "double-free",
        "orchestration-error",
        orchestration="api.device_free(freed);  // HERE",
        message=("device buffer #2 was freed before",),
    ),
    Broken(
        "copies-too-much",
        "orchestration-error",
        orchestration="api.copy_to_device(y, host_x, 64);  // HERE",
        message=("copy_to_device: 64 bytes do not fit: device buffer #1 has 60 bytes",),
    ),
    Broken(
        "records-too-much",
        "orchestration-error",
        orchestration_end="runtime->record_tensor_pair(host_y, y, 64);  // HERE",
        message=("record_tensor_pair: 64 bytes do not fit",),
    ),
    Broken(
        "writes-a-read-only-tensor",
        "orchestration-error",
        inputs='x = np.ones((2, 8), np.float32); x.flags.writeable = False\n    return {"x": x, '
        '"out_y": np.zeros((3, 5), np.float32)}',
        orchestration="static_cast<float*>(host_x)[9] = 1;  // HERE",
        message=(
            "the orchestration wrote to host tensor 'x': it is read-only",
            r"inside host tensor 'x' at element \[1, 1\]",
        ),
    ),
    Broken(
        "device-is-full",
        "out-of-memory",
        orchestration="if (api.device_malloc(size_t{1} << 50) == nullptr) return -1;",
        message=(
            "device is full: call 4 of device_malloc asked for 1,125,899,906,842,624 bytes\n",
            r"  124 bytes of [\d,]+ bytes were allocated",
            r"\(--sim-device-memory\)\n  then the orchestration returned -1",
        ),
    ),
    Broken(
        "unknown-kernel",
        "graph-error",
        func_id=8,
        message=("task 0 uses func_id 8, which no kernel",),
    ),
    Broken(
        "unknown-task",
        "graph-error",
        orchestration_end=f"runtime->add_successor(2, 7);  // HERE\n{_RECORD}",
        message=(r"add_successor\(2, 7\): there is no task 7",),
    ),
    Broken(
        "cycle",
        "graph-error",
        orchestration_end=f"runtime->add_successor(2, 0);\n{_RECORD}",
        message=("cycle of 3 tasks",),
    ),
)

_OUTPUTS = (
    Broken(
        "forgets-the-tensor-pair",
        "unwritten-output",
        orchestration_end="",
        message=(
            r"output 'out_y': 15 of 15 elements were never copied back; the first is out_y\[0, 0\]",
        ),
    ),
    Broken(
        "records-too-little",
        "unwritten-output",
        orchestration_end="runtime->record_tensor_pair(host_y, y, 40);",
        message=(r"5 of 15 elements were never copied back; the first is out_y\[2, 0\]",),
    ),
    Broken(
        "reads-what-nobody-wrote",
        "unwritten-output",
        orchestration="x = api.device_malloc(64);",
        message=(r"on device memory that nobody wrote: device buffer #3 \(64 bytes\)",),
    ),
    Broken(
        "writes-a-part",
        "unwritten-output",
        written="7",
        message=(r"8 of 15 elements were never written; the first is out_y\[1, 2\]",),
    ),
    Broken(
        "writes-ones-in-every-bit",
        "mismatch",
        "memset(y, 0xFF, 60);",
        written="(args[3] == 2 ? 0 : n)",
        message=("out_y: FAIL",),
    ),
    Broken("wrong-values", "mismatch", written="n - 1", body="y[14] = 5;", message=("28",)),
)

_CORRUPTIONS = (
    # What the engine needs to tell how the case ended cannot be written: the write itself faults.
    Broken(
        "scribbles-over-shared-memory",
        "corrupted-state",
        before="""\
            #include <cstdio>

            void scribble() {
                FILE* const maps = std::fopen("/proc/self/maps", "r");
                char line[512];
                unsigned long begin, end;
                char kind[8];
                while (std::fgets(line, sizeof line, maps)) {
                    if (std::sscanf(line, "%lx-%lx %7s", &begin, &end, kind) == 3 &&
                        std::strcmp(kind, "rw-s") == 0) {
                        std::memset(reinterpret_cast<void*>(begin), 0x3f, 256);
                    }
                }
                std::fclose(maps);
            }""",
        body="scribble();",
        message=(r"overwrote memory of the simulator: .*\(number of workers\)", "next: check"),
    ),
)

_BUILDS = (
    Broken(
        "missing-symbol",
        "build-error",
        kernel='extern "C" void other(long* args) {}',
        message=("has no symbol 'kernel_entry' or 'broken'", "It exports: other"),
    ),
    Broken(
        "wrong-signature",
        "build-error",
        kernel="void kernel_entry(long* args) {}",
        message=(r"It exports: kernel_entry\(long\*\)",),
    ),
    Broken(
        "does-not-compile",
        "build-error",
        body="y[0] = undeclared;",
        message=("does not compile", "undeclared"),
    ),
    Broken(
        "does-not-link",
        "build-error",
        kernel_options='"cxxflags": ["-lno_such_library"]',
        message=("no_such_library",),
    ),
    Broken(
        "undefined-function",
        "build-error",
        body="missing_function();",
        before="void missing_function();",
        message=(r"broken cannot be loaded: undefined symbol: missing_function\(\)", "broken.cpp"),
    ),
)

_GOLDENS = (
    Broken(
        "generate-inputs-raises",
        "golden-error",
        inputs="raise ValueError('no inputs')",
        message=("generate_inputs failed for case 'default': ValueError: no inputs",),
    ),
    Broken(
        "compute-golden-raises",
        "golden-error",
        golden="raise ValueError('no golden')",
        message=("compute_golden failed for case 'default': ValueError: no golden",),
    ),
)

BROKEN: tuple[Broken, ...] = (
    *_FAULTS,
    *(_X86_FAULTS if platform.machine() == "x86_64" else ()),
    *_EXITS,
    *_EXCEPTIONS,
    *_HANGS,
    *_HARMLESS,
    *_ORCHESTRATIONS,
    *_OUTPUTS,
    *_CORRUPTIONS,
    *_BUILDS,
    *_GOLDENS,
)
