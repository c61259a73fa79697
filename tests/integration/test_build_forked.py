"""Building in children that are forked in the midst of a session, and what dead sessions leave."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import Settings, run_case
from pytest_a2a3sim.building.starting import start
from pytest_a2a3sim.loading.golden import load_case
from pytest_a2a3sim.simulator import Simulator
from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("own_cache")

FORKING_CONFTEST = """
import os

import pytest
from _pytest.runner import runtestprotocol


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    pid = os.fork()
    if pid == 0:
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        os._exit(0 if all(report.passed for report in reports) else 1)
    print("CHILD ENDED", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    return True
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory for temporary files, empty at first."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setenv("TMPDIR", str(directory))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return directory


def test_case_in_a_child_that_pytest_forked(golden_dir: GoldenDir, temporary: Path) -> None:
    root = golden_dir.path.parent
    GoldenDir.create(root / "another")
    (root / "conftest.py").write_text(FORKING_CONFTEST)
    printed = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", root],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    ).stdout
    assert printed.count("CHILD ENDED 0") == 2
    assert list(temporary.iterdir()) == []


def test_children_forked_while_programs_are_started() -> None:
    """Each child lives until every program has been started: none may wait for it."""
    programs = threading.Thread(
        target=lambda: [start(["true"]).wait() for _ in range(100)], daemon=True
    )
    reading, writing = os.pipe()
    programs.start()
    children = []
    for _ in range(100):
        if (pid := os.fork()) == 0:
            os.close(writing)
            os.read(reading, 1)  # until the parent closes its end
            os._exit(0)
        children.append(pid)
    programs.join(timeout=60)
    ended = not programs.is_alive()
    os.close(writing)
    for pid in children:
        os.waitpid(pid, 0)
    os.close(reading)
    assert ended


def in_child(work: Callable[[], object]) -> int:
    """The exit status of a forked child: 0 if the work is done there without an error."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_child_leaves_its_parents_objects_alone(golden_dir: GoldenDir, temporary: Path) -> None:
    simulator = Simulator(Settings())
    before, after = golden_dir.path, golden_dir.path.parent / "another"
    GoldenDir.create(after)
    simulator.attempt(*load_case(before))

    def work() -> None:
        for path in (after, before):
            simulator.attempt(*load_case(path)).get().check()
        simulator.close()

    assert in_child(work) == 0
    assert simulator.attempt(*load_case(before)).get().cache_hits == 2
    assert simulator.attempt(*load_case(after)).get().cache_hits == 2
    simulator.close()
    assert list(temporary.iterdir()) == []


def test_directory_of_a_killed_session_is_removed(golden_dir: GoldenDir, temporary: Path) -> None:
    script = (
        "import os, signal, sys\n"
        "from pytest_a2a3sim import Settings\n"
        "from pytest_a2a3sim.loading.golden import load_case\n"
        "from pytest_a2a3sim.simulator import Simulator\n"
        "Simulator(Settings()).attempt(*load_case(sys.argv[1])).get().check()\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    foreign = temporary / "a2a3sim-of-somebody"
    foreign.mkdir()
    killed = subprocess.run([sys.executable, "-c", script, golden_dir.path], check=False)
    assert killed.returncode == -signal.SIGTERM
    assert len(list(temporary.glob("a2a3sim-*"))) == 2
    simulator = Simulator(Settings())
    simulator.attempt(*load_case(golden_dir.path)).get().check()
    assert len(list(temporary.glob("a2a3sim-*"))) == 2
    assert run_case(golden_dir.path).passed  # the directory of a session that lives is left alone
    simulator.attempt(*load_case(golden_dir.path)).get().check()
    simulator.close()
    assert list(temporary.iterdir()) == [foreign]


def mounted(directory: Path, options: str, inner: list[str]) -> subprocess.CompletedProcess[str]:
    """Runs a command where a small file system of its own is mounted, or skips."""
    unshare = shutil.which("unshare")
    command = f'mount -t tmpfs -o {options} tmpfs {directory} && exec "$@"'
    prefix = [unshare or "", "-rm", "sh", "-c"]
    if (
        unshare is None
        or subprocess.run(
            [*prefix, command, "sh", "true"], check=False, capture_output=True
        ).returncode
    ):
        pytest.skip("nothing can be mounted here")
    return subprocess.run(
        [*prefix, command, "sh", *inner], check=False, capture_output=True, text=True
    )


RUN = "import sys; from pytest_a2a3sim import run_case; run_case(sys.argv[1]).check()"


def test_temporary_directory_from_which_nothing_can_be_run(
    golden_dir: GoldenDir, temporary: Path
) -> None:
    run = mounted(temporary, "noexec", [sys.executable, "-c", RUN, str(golden_dir.path)])
    assert run.returncode == 0, run.stderr


def test_temporary_directory_that_is_full(golden_dir: GoldenDir, temporary: Path) -> None:
    run = mounted(temporary, "size=4k", [sys.executable, "-c", RUN, str(golden_dir.path)])
    assert run.returncode == 1
    assert "BuildError: kernels cannot be built: " in run.stderr
    assert f"  in {temporary}" in run.stderr
    assert "No space left on device" in run.stderr
    assert "\nFree space there, or name" in run.stderr
