"""What a terminal shows while a graph runs for longer than two seconds."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim.model.progress import RunProgress
from pytest_a2a3sim.reporting.run_lines import RunLines, run_line
from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from pathlib import Path

LINE = re.compile(
    r"(?:a2a3sim: )?(?:gw0 )?2 of 4 tasks done in \d+ s; running double; about \d+ s left"
)

# The third task waits until the test has seen the line.
KERNEL = """
#include <cstdint>
#include <cstdio>
#include <unistd.h>

static int executed = 0;

extern "C" void kernel_entry(int64_t* args) {{
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
    if (++executed == 3) {{
        std::printf("waiting\\n");
        for (int i = 0; i < 120000 && access("{go}", F_OK) != 0; ++i) usleep(1000);
    }}
}}
"""

CHAIN = """
for (int i = 0; i < 4; ++i) runtime->add_task(task, 3, 0, CoreType::AIV);
for (int i = 0; i < 3; ++i) runtime->add_successor(i, i + 1);
runtime->record_tensor_pair(host_y, y, args[3]);
return 0;
"""


@pytest.fixture
def waiting(tmp_path: Path) -> GoldenDir:
    """A directory whose case runs until ``go`` is there."""
    directory = GoldenDir.create(tmp_path / "waiting")
    directory.orchestration_body(CHAIN)
    directory.kernel(KERNEL.format(go=tmp_path / "go"))
    return directory


def output_until_line(waiting: GoldenDir, *command: str, terminal: bool) -> str:
    """All that a command prints; its case goes on when the line has been there."""
    reader, writer = pty.openpty() if terminal else os.pipe()
    environment = {**os.environ, "COLUMNS": "100", "TERM": "xterm"}
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=waiting.path.parent,
        stdout=writer,
        stderr=writer,
        env=environment,
    ) as process:
        os.close(writer)
        printed = ""
        while True:
            try:
                chunk = os.read(reader, 4096)
            except OSError:  # a terminal whose other side is closed
                break
            if not chunk:
                break
            printed += chunk.decode()
            if LINE.search(printed):
                (waiting.path.parent / "go").touch()
        os.close(reader)
    assert process.returncode == 0, printed
    return printed


PYTEST = ("pytest", "-p", "no:cacheprovider", "--sim-hang-timeout=600", "waiting")


def test_in_a_log(waiting: GoldenDir) -> None:
    printed = output_until_line(waiting, *PYTEST, "-rP", "-v", terminal=False)
    assert len(LINE.findall(printed)) == 1
    assert "\r" not in printed
    assert all(LINE.fullmatch(line) for line in printed.splitlines() if "tasks done" in line)
    captured = printed.partition("Captured stdout call")[2].splitlines()[1]
    assert captured == "waiting"


def test_in_a_terminal(waiting: GoldenDir) -> None:
    """The line is rewritten, and blank in the end."""
    printed = output_until_line(waiting, *PYTEST, "-v", terminal=True)
    shown = [part for part in printed.split("\r") if "tasks done" in part]
    assert all(LINE.match(part) and "\n" not in part for part in shown)
    rest = printed[printed.rindex("tasks done") :]
    assert re.match(r"[^\r]*\r {99}\r", rest), rest
    assert "PASSED" in rest
    assert printed.count("waiting/golden.py::default") == 1


@pytest.mark.parametrize(
    "command",
    [
        (*PYTEST, "-n1"),
        (*PYTEST, "-s"),
        ("pytest_a2a3sim", "run", "waiting", "--hang-timeout=600"),
    ],
    ids=["xdist", "uncaptured", "command-line"],
)
def test_elsewhere(waiting: GoldenDir, command: tuple[str, ...]) -> None:
    printed = output_until_line(waiting, *command, terminal=False)
    assert any(LINE.fullmatch(line) for line in printed.splitlines()), printed


def test_words() -> None:
    progress = RunProgress(1200, 4096, 6, ("QK", "SF", "QK"), 4.0)
    assert run_line(progress) == (
        "1,200 of 4,096 tasks done in 4 s; running QK, SF and 3 more; about 10 s left"
    )
    assert run_line(RunProgress(0, 5, 0, (), 3.0)) == "0 of 5 tasks done in 3 s"
    assert run_line(RunProgress(1, 101, 0, (), 100.0)).endswith("about 2 h 46 min left")
    assert run_line(RunProgress(100, 101, 0, (), 185.0)).startswith(
        "100 of 101 tasks done in 3 min"
    )


def test_how_often() -> None:
    said: list[str] = []
    lines = RunLines(said.append)
    for seconds in (0.5, 1.9, 2.0, 2.2, 31.9, 32.0, 32.2):
        lines(RunProgress(1, 2, 0, (), seconds))
    assert len(said) == 2
    lines(None)
    lines(RunProgress(1, 2, 0, (), 2.1))
    assert len(said) == 3
    rewritten: list[str] = []
    lines = RunLines(said.append, rewritten.append)
    for progress in (RunProgress(1, 2, 0, (), 1.0), None, RunProgress(1, 2, 0, (), 2.0), None):
        lines(progress)
    assert rewritten == ["1 of 2 tasks done in 2 s; about 2 s left", ""]
    assert len(said) == 3
