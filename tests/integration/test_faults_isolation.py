"""What the simulating process prints is captured, and what it was leaves nothing behind."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import KernelFault, run_case
from pytest_a2a3sim.building.builder import Builder
from pytest_a2a3sim.engine.case import Run
from pytest_a2a3sim.engine.host_memory import HostMemory
from pytest_a2a3sim.engine.request import RunOptions
from pytest_a2a3sim.loading.golden import load_case
from pytest_a2a3sim.loading.inputs import make_inputs
from pytest_a2a3sim.model.failure import Failure
from pytest_a2a3sim.model.recording import Completion
from pytest_a2a3sim.running.run import finish
from tests.integration.test_faults_session import processes_with, wait_until_gone

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

PRINTS_AND_CRASHES = """\
std::printf("a line\\n");
std::fprintf(stderr, "a warning\\n");
std::printf("half a line");
*reinterpret_cast<volatile int*>(8) = 1;"""


def print_and_crash(directory: GoldenDir) -> None:
    directory.kernel_body(PRINTS_AND_CRASHES)
    source = directory.path / "kernels" / "double.cpp"
    source.write_text(f"#include <cstdio>\n{source.read_text()}")


@pytest.mark.parametrize("capture", ["fd", "sys"])
def test_output_before_a_crash_is_captured(
    pytester: pytest.Pytester, doubler: GoldenDir, capture: str
) -> None:
    print_and_crash(doubler)
    doubler.extend_golden("print('golden is loaded')")
    result = pytester.runpytest_subprocess(f"--capture={capture}", str(doubler.path))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*(SIGSEGV)", "*Captured stdout call*", "a line", "half a line*"])
    result.stdout.fnmatch_lines(["*Captured stderr call*", "a warning"])


def test_output_without_capture_is_in_order(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.kernel_body('std::puts("from the kernel");')
    source = doubler.path / "kernels" / "double.cpp"
    source.write_text(f"#include <cstdio>\n{source.read_text()}")
    doubler.extend_golden(
        """
        _make = generate_inputs

        def generate_inputs(params):
            print("from generate_inputs")
            return _make(params)
        """
    )
    result = pytester.runpytest_subprocess("-s", str(doubler.path))
    result.stdout.fnmatch_lines(["*from generate_inputs", "from the kernel"])


def test_output_reaches_a_redirected_stdout(golden_dir: GoldenDir) -> None:
    print_and_crash(golden_dir)
    text = io.StringIO()
    with contextlib.redirect_stdout(text), pytest.raises(KernelFault):
        run_case(golden_dir.path)
    assert text.getvalue() == "a line\nhalf a line"


def open_descriptors() -> list[str]:
    return sorted(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names alone


def mappings() -> int:
    return len(Path("/proc/self/maps").read_text().splitlines())


@pytest.mark.parametrize("body", ["", "std::_Exit(1);", "for (;;) pause();"])
def test_nothing_accumulates(golden_dir: GoldenDir, body: str) -> None:
    """Descriptors, mappings and children are the same after many runs as after one."""
    golden_dir.kernel_body(body)
    source = golden_dir.path / "kernels" / "double.cpp"
    source.write_text(f"#include <unistd.h>\n{source.read_text()}")
    golden, case = load_case(golden_dir.path)
    inputs = make_inputs(golden, case)
    options = RunOptions(block_dim=2, threads=2)
    with Builder() as builder:
        built = builder.build(golden.config)

        def run() -> None:
            with (
                HostMemory(inputs) as memory,
                Run(built, inputs, memory, options) as started,
            ):
                if "pause" in body:
                    started.time_out(1)
                assert isinstance(finish(started), Failure if body else Completion)

        run()
        before = open_descriptors(), mappings()
        for _ in range(30):
            run()
        assert open_descriptors() == before[0]
        assert mappings() <= before[1] + 4  # Python's own allocations come and go
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_simulation_ends_with_pytest(
    pytester: pytest.Pytester, doubler: GoldenDir, ending: signal.Signals
) -> None:
    doubler.kernel_body(
        """\
        close(open("running", O_CREAT | O_WRONLY, 0600));
        for (;;) pause();"""
    )
    source = doubler.path / "kernels" / "double.cpp"
    source.write_text(f"#include <fcntl.h>\n#include <unistd.h>\n{source.read_text()}")
    mark = uuid.uuid4().hex
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", str(doubler.path)],
        cwd=pytester.path,
        env={**os.environ, "A2A3SIM_TEST_RUN": mark, "TMPDIR": str(pytester.path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not (pytester.path / "running").exists():
            assert process.poll() is None
            time.sleep(0.02)
        assert len(processes_with(mark)) == 3  # pytest, its process server, the simulating process
        process.send_signal(ending)
        process.wait(timeout=30)
        assert wait_until_gone(mark) == []
    finally:
        process.kill()
        process.wait()
