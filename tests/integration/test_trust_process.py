"""The process of a case has what the case needs, and works where resources are scarce."""

from __future__ import annotations

import os
import subprocess
import sys
import termios

import pytest

from pytest_a2a3sim import run_case
from tests.golden_dirs import GoldenDir
from tests.words import without_breaks

DOUBLE = "for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];\n"
WRITES_EVERYWHERE = (
    'for (int i = 3; i < 256; ++i) if (write(i, "GARBAGE\\n", 8) == 8) std::abort();\n'
)


def include(directory: GoldenDir, header: str) -> None:
    source = directory.path / "kernels" / "double.cpp"
    source.write_text(f"#include <{header}>\n{source.read_text()}")


def test_descriptors_of_pytest_do_not_exist(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    doubler.kernel_body(WRITES_EVERYWHERE + DOUBLE)
    include(doubler, "unistd.h")
    doubler.extend_golden(
        f"""
        LOG = open({str(pytester.path / "log")!r}, "w")
        PARAMS_LIST = [{{"i": i}} for i in range(4)]
        """
    )
    GoldenDir.create(pytester.path / "neighbour")
    pytester.runpytest_subprocess(*plugin_args).assert_outcomes(passed=5)
    assert (pytester.path / "log").read_text() == ""


def test_descriptors_that_are_closed_one_by_one(golden_dir: GoldenDir) -> None:
    """Kernels print to stdout and stderr as before."""
    golden_dir.kernel_body(f'std::puts("to stdout");\nstd::fputs("to stderr", stderr);\n{DOUBLE}')
    include(golden_dir, "cstdio")
    assert run_case(golden_dir.path).passed


def test_terminal_that_stops_what_prints_in_its_background(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    doubler.kernel_body(f'std::puts("hello");\nstd::fflush(stdout);\n{DOUBLE}')
    include(doubler, "cstdio")
    ours, terminal = os.openpty()
    attributes = termios.tcgetattr(terminal)
    attributes[3] |= termios.TOSTOP
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)
    with_terminal = (
        "import fcntl, os, sys, termios\n"
        "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
        "os.execv(sys.executable, [sys.executable, '-m', 'pytest', '-s', *sys.argv[1:]])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", with_terminal, "--sim-hang-timeout=20", str(doubler.path)],
        cwd=pytester.path,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    printed = b""
    try:
        while part := os.read(ours, 4096):
            printed += part
    except OSError:  # the last one has closed the terminal
        pass
    os.close(ours)
    assert process.wait() == 0, printed.decode()
    assert b"hello" in printed


@pytest.mark.parametrize("gigabytes", [2, 4, 16])
def test_scarce_addresses(
    pytester: pytest.Pytester, doubler: GoldenDir, monkeypatch: pytest.MonkeyPatch, gigabytes: int
) -> None:
    assert run_case(doubler.path).passed  # compiled, without a limit
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    limited = f'ulimit -v {gigabytes << 20} && exec "$@"'
    command = (sys.executable, "-m", "pytest", "--sim-threads=2", str(doubler.path))
    pytester.run("sh", "-c", limited, "sh", *command).assert_outcomes(passed=1)


REFUSES = """
#include <cerrno>
#include <pthread.h>
#include <unistd.h>

// As the system does where `ulimit -u` is used up; root is not subject to it.
extern "C" {
#ifdef PROCESSES
pid_t fork() noexcept { errno = EAGAIN; return -1; }
pid_t vfork() noexcept { errno = EAGAIN; return -1; }
#endif
int pthread_create(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*) noexcept {
    return EAGAIN;
}
}
"""
USED_UP = "the limit of processes and threads is used up (`ulimit -u`, pids.max of a container)"


@pytest.mark.parametrize(
    ("refused", "compiled", "options", "message"),
    [
        pytest.param("THREADS", True, (), None, id="threads"),
        pytest.param("THREADS", False, (), None, id="threads-while-compiling"),
        pytest.param(
            "THREADS",
            True,
            ("--sim-threads=cores",),
            "threads cannot be started",
            id="thread-a-core",
        ),
        pytest.param("PROCESSES", True, (), "the simulation cannot be started", id="processes"),
        pytest.param("PROCESSES", False, (), "compilers cannot be started", id="compilers"),
    ],
)
@pytest.mark.usefixtures("own_cache")
def test_processes_and_threads_are_used_up(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    pytester: pytest.Pytester,
    doubler: GoldenDir,
    monkeypatch: pytest.MonkeyPatch,
    refused: str,
    compiled: bool,  # noqa: FBT001 - a parameter
    options: tuple[str, ...],
    message: str | None,
) -> None:
    source, library = pytester.path / "refuses.cpp", pytester.path / "refuses.so"
    source.write_text(REFUSES)
    command = ["g++", f"-D{refused}", "-shared", "-fPIC", str(source), "-o", str(library)]
    subprocess.run(command, check=True)
    if compiled:
        assert run_case(doubler.path).passed
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.setenv("LD_PRELOAD", str(library))
    command = [sys.executable, "-m", "pytest", *options]
    result = pytester.run(*command, str(doubler.path))
    if message is None:
        result.assert_outcomes(passed=1)
        return
    result.assert_outcomes(failed=1)
    headline = next(line for line in result.outlines if message in line)
    assert "ran out of" not in headline  # no kernel's fault
    assert without_breaks(USED_UP) in without_breaks(result.stdout.str())
    result.stdout.no_fnmatch_line("*Traceback*")


USES_OPENMP = """
import ctypes

_LIBRARY = ctypes.CDLL({library!r})
_make = generate_inputs


def generate_inputs(params):
    assert _LIBRARY.sum_in_parallel() == 6  # its pool of threads is in this process
    return _make(params)
"""


def test_openmp_in_the_golden_and_in_a_kernel(golden_dir: GoldenDir) -> None:
    """A copy of the pool has no threads."""
    library = golden_dir.path / "libsum.so"
    source = golden_dir.path / "sum.cpp"
    source.write_text(
        'extern "C" int sum_in_parallel() {\n    int sum = 0;\n'
        "#pragma omp parallel for num_threads(4) reduction(+ : sum)\n"
        "    for (int i = 0; i < 4; ++i) sum += i;\n    return sum;\n}\n"
    )
    command = ["g++", "-fopenmp", "-shared", "-fPIC", str(source), "-o", str(library)]
    subprocess.run(command, check=True)
    golden_dir.extend_golden(USES_OPENMP.format(library=str(library)))
    golden_dir.kernel_config(
        """
        KERNELS = [{"func_id": 0, "source": "double.cpp", "core_type": "aiv",
                    "cxxflags": ["-fopenmp"]}]
        ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
        RUNTIME_CONFIG = {"block_dim": 2}
        """
    )
    golden_dir.kernel_body(f"#pragma omp parallel for num_threads(4)\n{DOUBLE}")
    for _ in range(2):
        run_case(golden_dir.path).check()


AT_EXIT_OF_PYTEST_ONLY = """\
#include <unistd.h>
static pid_t owner;
static void lock_of_a_thread_that_is_not_here() { if (getpid() != owner) for (;;) pause(); }
__attribute__((constructor)) static void load() { owner = getpid(); }
__attribute__((destructor)) static void unload() { lock_of_a_thread_that_is_not_here(); }
"""
FORKS_AND_WAITS = """\
const pid_t child = fork();
if (child == 0) exit(3);
int status = 0;
if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 3) abort();
"""


def test_exit_of_what_a_kernel_forked(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    """What the libraries of pytest do at exit is pytest's."""
    library = doubler.path / "library.so"
    source = doubler.path / "library.c"
    source.write_text(AT_EXIT_OF_PYTEST_ONLY)
    subprocess.run(["gcc", "-shared", "-fPIC", str(source), "-o", str(library)], check=True)
    doubler.extend_golden(f"import ctypes\nctypes.CDLL({str(library)!r})\n")
    doubler.kernel_body(FORKS_AND_WAITS + DOUBLE)
    for header in ("sys/wait.h", "unistd.h", "cstdlib"):
        include(doubler, header)
    pytester.runpytest_subprocess("--sim-hang-timeout=5").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "leaves",
    [
        pytest.param("", id="nothing"),
        pytest.param("std::thread([] { for (;;) pause(); }).detach();\n", id="thread"),
        pytest.param("if (fork() == 0) for (;;) pause();\n", id="process"),
        pytest.param('if (std::system("sleep 1000 &") != 0) std::abort();\n', id="background"),
    ],
)
def test_no_process_is_left(golden_dir: GoldenDir, leaves: str) -> None:
    """A process that ends is not waited for, unless something of it may go on."""
    golden_dir.kernel_body(leaves + DOUBLE)
    for header in ("unistd.h", "cstdlib", "thread"):
        include(golden_dir, header)
    result = run_case(golden_dir.path)
    assert result.passed
    assert result.facts.peak_rss_bytes
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_no_process_is_left_to_other_tests(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    """They may wait for any child of theirs."""
    doubler.extend_golden("PARAMS_LIST = [{'i': i} for i in range(3)]")
    pytester.makepyfile(
        """
        import os

        import pytest

        def test_has_no_child():
            with pytest.raises(ChildProcessError):
                os.wait()
        """
    )
    pytester.runpytest_subprocess(str(doubler.path), str(pytester.path)).assert_outcomes(passed=4)
