"""A process server is trusted as far as it can be checked; a case's process is gone in time."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.integration.test_process_server import DOUBLE, THREE_CASES, numbered, waits_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.golden_dirs import GoldenDir

# The system takes memory away before it closes files: for a while, a dead process has the lock.
TAKES_LOCK = """\
    const int file = open(LOCK, O_RDWR | O_CREAT, 0666);
    if (flock(file, LOCK_EX | LOCK_NB) != 0) return;
    const size_t size = size_t{700} << 20;
    auto* const memory = static_cast<volatile char*>(std::malloc(size));
    for (size_t i = 0; i < size; i += 4096) memory[i] = 1;
"""
LOCK_HEADERS = """\
#include <cstdlib>
#include <fcntl.h>
#include <sys/file.h>
"""
TEST_TAKES_LOCK = """
import fcntl, os

def test_lock():
    fcntl.flock(os.open("lock", os.O_RDWR | os.O_CREAT), fcntl.LOCK_EX | fcntl.LOCK_NB)
"""
CHANGES_PRIORITY = """
import os, pytest

@pytest.fixture(autouse=True)
def other_surroundings():
    os.nice(1)
"""
OF_ANOTHER_SIZE = """
def generate_inputs(params):
    count = {count}
    x = params["i"] + np.arange(count, dtype=np.float32)
    return {{"x": x, "out_y": np.zeros(count, dtype=np.float32)}}
"""


@pytest.mark.parametrize("next_one", ["a test", "a case of another server", "a case of no server"])
def test_a_case_is_gone_when_the_next_begins(
    pytester: pytest.Pytester, doubler: GoldenDir, next_one: str
) -> None:
    numbered(doubler, TAKES_LOCK + DOUBLE)
    source = doubler.path / "kernels" / "double.cpp"
    lock = f'#define LOCK "{pytester.path / "lock"}"\n'
    source.write_text(LOCK_HEADERS + lock + source.read_text())
    doubler.extend_golden("PARAMS_LIST = [{'i': i} for i in range(4)]\n")
    others = 0
    if next_one == "a test":
        pytester.makepyfile(test_zz=TEST_TAKES_LOCK)
        others = 1
    elif next_one == "a case of another server":
        pytester.makeconftest(CHANGES_PRIORITY)
    else:
        count = '(8 << 20) if params["i"] % 2 else 8'
        doubler.extend_golden(OF_ANOTHER_SIZE.format(count=count))
    pytester.runpytest_subprocess("--sim-orders=off").assert_outcomes(passed=4 + others)


def needs_library(pytester: pytest.Pytester, doubler: GoldenDir) -> Path:
    """A directory that the loader finds by LD_LIBRARY_PATH alone, with what the kernel needs."""
    directory = pytester.mkdir("libraries")
    source = pytester.path / "two.c"
    source.write_text("float two(void) { return 2; }\n")
    command = ["gcc", "-shared", "-fPIC", str(source), "-o", str(directory / "libtwo.so")]
    subprocess.run(command, check=True)
    doubler.kernel_body("for (int64_t i = 0; i < args[2]; ++i) y[i] = two() * x[i];\n")
    kernel = doubler.path / "kernels" / "double.cpp"
    kernel.write_text(f'extern "C" float two();\n{kernel.read_text()}')
    config = doubler.path / "kernels" / "kernel_config.py"
    flags = f'"core_type": "aiv", "cxxflags": ["-L{directory}", "-ltwo"]'
    config.write_text(config.read_text().replace('"core_type": "aiv"', flags))
    doubler.extend_golden(THREE_CASES)
    return directory


OVERWRITES_ENVIRONMENT = """
import ctypes, os

fields = open("/proc/self/stat").read().rpartition(")")[2].split()
begin, end = int(fields[47]), int(fields[48])
environment = dict(os.environ)
text = b"a title::i=0"
for name in environment:
    del os.environ[name]
ctypes.memset(begin, 0, end - begin)
ctypes.memmove(begin, text, len(text))
os.environ.update(environment)
"""
OTHER_GROUP = """
import os, pytest

@pytest.fixture(autouse=True)
def other_group():
    os.setegid(1)
    yield
    os.setegid(0)
"""


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(OVERWRITES_ENVIRONMENT, id="title"),
        pytest.param(
            OTHER_GROUP,
            id="group",
            marks=pytest.mark.skipif(os.getuid() != 0, reason="changes its group"),
        ),
    ],
)
def test_libraries_are_found_where_pytest_finds_them(
    pytester: pytest.Pytester, doubler: GoldenDir, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    """A program that is executed later may not see what pytest saw when it was."""
    monkeypatch.setenv("LD_LIBRARY_PATH", str(needs_library(pytester, doubler)))
    pytester.makeconftest(spoil)
    pytester.runpytest_subprocess(str(doubler.path)).assert_outcomes(passed=3)


FORGES = """\
    const int server = static_cast<int>(syscall(SYS_pidfd_open, getppid(), 0));
    for (int i = 3; i < 64; ++i) {
        const int taken = static_cast<int>(syscall(SYS_pidfd_getfd, server, i, 0));
        char forged[40] = {};
        for (const size_t size : {24, 40}) {
            std::memset(forged, -1, size);
            if (taken >= 0) send(taken, forged, size, MSG_DONTWAIT);
        }
    }
"""
FORGERS_HEADERS = """\
#include <cstring>
#include <sys/socket.h>
#include <sys/syscall.h>
"""


def test_answers_that_a_kernel_forges(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    numbered(doubler, FORGES)
    source = doubler.path / "kernels" / "double.cpp"
    source.write_text(FORGERS_HEADERS + source.read_text())
    pytester.runpytest_subprocess(str(doubler.path)).assert_outcomes(passed=3)


def test_signal_of_large_files_kills_nobody(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.extend_golden(THREE_CASES + OF_ANOTHER_SIZE.format(count=1 << 18))
    pytester.makeconftest("import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n")
    command = f'ulimit -f 512; exec "{sys.executable}" -m pytest -p no:cacheprovider "$@"'
    result = pytester.run("bash", "-c", command, "bash", str(doubler.path))
    result.assert_outcomes(passed=3)


def test_stack_of_a_thread(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    """A process that is forked from a thread has one as large as the thread's."""
    doubler.kernel_body(
        "volatile char large[24 << 20];\nfor (int i = 0; i < 24 << 20; i += 4096) large[i] = 1;\n"
        + DOUBLE
    )
    pytester.makepyfile(
        main=f"""
        import sys, threading
        import pytest

        statuses = []
        threading.stack_size(64 << 20)
        thread = threading.Thread(
            target=lambda: statuses.append(pytest.main(["--sim-threads=1", {str(doubler.path)!r}]))
        )
        thread.start()
        thread.join()
        sys.exit(statuses[0])
        """
    )
    assert pytester.runpython(pytester.path / "main.py").ret == 0


@pytest.mark.parametrize("isolation", ["process", "fork"])
def test_copy_of_pytest_that_unwinds(
    pytester: pytest.Pytester, doubler: GoldenDir, monkeypatch: pytest.MonkeyPatch, isolation: str
) -> None:
    """It does not end the case of its original."""
    doubler.extend_golden(
        """
        import os, sys
        _compute = compute_golden


        def compute_golden(tensors, params):
            _compute(tensors, params)
            if "A2A3SIM_TEST_FORKS" in os.environ:
                if (copy := os.fork()) == 0:
                    sys.exit()
                os.waitpid(copy, 0)
            (pathlib.Path(__file__).parent / "computed").touch()
        """
    )
    doubler.extend_golden("import pathlib\n")
    waits_for(doubler, str(doubler.path.absolute() / "computed"))
    assert pytester.runpytest_subprocess(str(doubler.path)).ret == 0  # compiles
    (doubler.path / "computed").unlink()
    monkeypatch.setenv("A2A3SIM_TEST_FORKS", "1")
    result = pytester.runpytest_subprocess(f"--sim-isolation={isolation}", str(doubler.path))
    assert result.ret == 0


def test_thread_that_changes_the_environment(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    """The C library moves the variables while a case is started."""
    doubler.extend_golden("PARAMS_LIST = [{'i': i} for i in range(12)]\n")
    pytester.makeconftest(
        """
        import os, pytest, threading

        @pytest.fixture(scope="session", autouse=True)
        def changes():
            ended = threading.Event()

            def change():
                while not ended.is_set():
                    for i in range(1000):
                        os.environ[f"A2A3SIM_TEST_{i}"] = "x"
                    for i in range(1000):
                        del os.environ[f"A2A3SIM_TEST_{i}"]

            thread = threading.Thread(target=change)
            thread.start()
            yield
            ended.set()
            thread.join()
        """
    )
    pytester.runpytest_subprocess(str(doubler.path)).assert_outcomes(passed=12)
