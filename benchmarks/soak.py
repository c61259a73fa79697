"""Long sessions: what they leave behind, also when they are killed.

    python benchmarks/soak.py [--cases N] [--mebibytes M] [--kill-cases SECONDS] [--kill N]

cases  N cases with tensors of M MiB in one pytest session: its memory, mappings and descriptors
       after each case, and the processes and temporary files that are there when it has ended.
       With --kill-cases the simulating process is killed (SIGKILL) at random times, every so many
       seconds on average: each time, no case but that one may fail.
kill   N sessions whose process is killed (SIGKILL) at a random time: what outlives them, and what
       is left of their files after the next session.

Exits with 1 if anything was left or grew.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from directories import scaling

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = "A2A3SIM_SOAK"  # of every process that belongs to a session
MOST_GROWTH = 8 << 20  # bytes of resident memory: the median of the last tenth over the second's
MOST_RECORD = 16 << 10  # and so many a case: pytest's reports and our record of it
MOST_MAPPINGS = 8  # more than at a tenth of the cases: Python's own come and go
LONGEST = 0.1  # seconds that a simulation is let run before it is killed
PATIENCE = 10.0  # seconds until processes of a killed session must be gone
CONFTEST = """
import json, os
from pathlib import Path

def pytest_runtest_logfinish(nodeid, location):
    status = Path("/proc/self/status").read_text()
    resident = int(status.split("VmRSS:")[1].split()[0]) * 1024
    row = (resident, len(Path("/proc/self/maps").read_text().splitlines()),
           len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task")))
    with open(os.environ["A2A3SIM_SOAK"], "a") as file:
        print(json.dumps(row), file=file)
"""


class Place:
    """A directory in which sessions run, with a cache and temporary files of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.temporary = path / "tmp"
        self.temporary.mkdir()
        self.samples = path / "samples"
        (path / "conftest.py").write_text(CONFTEST)
        (path / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider -q --tb=line\n")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A session."""
        environment = {
            **os.environ,
            "A2A3SIM_CACHE_DIR": str(self.path / "cache"),
            "TMPDIR": str(self.temporary),
            MARK: str(self.samples),
        }
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", *arguments],
            cwd=self.path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        """A session to its end: the exit status, and what it printed."""
        return finish(self.start(*arguments))

    def processes(self) -> list[str]:
        """Command names of the processes that belong to a session."""
        mark = f"{MARK}={self.samples}".encode()
        names = []
        for directory in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has ended, or is another user's
                if mark in (directory / "environ").read_bytes().split(b"\0"):
                    names.append((directory / "comm").read_text().strip())
        return names

    def files(self) -> list[str]:
        """Names of temporary files and directories, but for pytest's own."""
        names = (path.name for path in self.temporary.iterdir())
        return sorted(name for name in names if not name.startswith("pytest-of-"))


def finish(session: subprocess.Popen[str]) -> tuple[int, str]:
    """A session's exit status, and what it printed."""
    printed = session.communicate()[0]
    return session.returncode, printed


class Killer:
    """Kills the simulating processes of a session at random times.

    Args:
        session: pytest.
        seconds: between two kills, on average.

    Attributes:
        kills: how many processes were killed.
    """

    def __init__(self, session: subprocess.Popen[str], seconds: float) -> None:
        self._session = session
        self._seconds = seconds
        self._ended = threading.Event()
        self.kills = 0

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Kills until the context ends."""
        thread = threading.Thread(target=self._kill)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _kill(self) -> None:
        generator = random.Random(0)
        while not self._ended.wait(generator.expovariate(1 / self._seconds)):
            while not self._ended.wait(0.002):
                if forked := self._forked():
                    self._ended.wait(generator.uniform(0, LONGEST))
                    if any(map(self._kill_one, forked)):
                        break

    def _forked(self) -> list[int]:
        """Processes that pytest forked, and that run no other program, as a compiler does."""
        parent = self._session.pid
        found = []
        with contextlib.suppress(OSError):  # it may have ended
            command = Path(f"/proc/{parent}/cmdline").read_bytes()
            for children in Path(f"/proc/{parent}/task").glob("*/children"):
                found += [
                    int(pid)
                    for pid in children.read_text().split()
                    if Path(f"/proc/{pid}/cmdline").read_bytes() == command
                ]
        return found

    def _kill_one(self, pid: int) -> bool:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.kills += 1
        return True


def cases(place: Place, options: argparse.Namespace) -> list[str]:
    """One session of many cases; what is wrong about it."""
    scaling(place.path / "scaling", options.mebibytes << 20, options.cases)
    place.run("scaling/golden.py::i=0")  # so that sources are compiled
    place.samples.unlink()
    report = place.path / "report.json"
    start = time.monotonic()
    session = place.start("scaling", f"--sim-json={report}")
    killer = Killer(session, options.kill_cases or 1)
    with killer.at_work() if options.kill_cases else contextlib.nullcontext():
        status, printed = finish(session)
    seconds = time.monotonic() - start
    failed = failures(report)
    rows = [json.loads(line) for line in place.samples.read_text().splitlines()]
    early = rows[len(rows) // 10 :]
    print(f"  {len(rows)} cases of {options.mebibytes} MiB in {seconds:.0f} s")
    print(f"  {'':12} {'first':>8} {'at 10 %':>8} {'last':>8} {'most':>8}")
    names = ("MiB resident", "mappings", "descriptors", "threads")
    for name, column in zip(names, zip(*rows, strict=True), strict=True):
        unit = 1 << 20 if name.startswith("MiB") else 1
        shown = (column[0], column[len(rows) // 10], column[-1], max(column))
        print(f"  {name:12} " + " ".join(f"{value // unit:8d}" for value in shown))
    left = (place.processes(), place.files())
    print(f"  left: {len(left[0])} processes, {len(left[1])} temporary files")
    if options.kill_cases:
        print(f"  {killer.kills} processes killed, {failed.total()} cases failed: {dict(failed)}")
    grown = [max(column) - column[0] for column in zip(*early, strict=True)]
    wrong = {
        f"exit status {status}:\n{printed[-2000:]}": status != bool(failed),
        f"{len(rows)} of {options.cases} cases ran": len(rows) != options.cases,
        "cases failed that nobody killed": failed.total() > killer.kills,
        "memory grew": growth(rows) > MOST_GROWTH + MOST_RECORD * options.cases,
        "mappings grew": grown[1] > MOST_MAPPINGS,
        "descriptors or threads grew": grown[2] > 0 or grown[3] > 0,
        f"left: {left}": any(left),
    }
    return [text for text, holds in wrong.items() if holds]


def growth(rows: list[list[int]]) -> float:
    """By how many bytes resident memory grew; free blocks of malloc make it go up and down."""
    resident = [row[0] for row in rows]
    tenth = max(len(rows) // 10, 1)
    return statistics.median(resident[-tenth:]) - statistics.median(resident[tenth : 2 * tenth])


def failures(report: Path) -> Counter[str]:
    """How many cases failed, by kind."""
    rows = json.loads(report.read_text())["cases"]
    return Counter(row["failure"]["kind"] for row in rows if row["outcome"] != "passed")


def kill(place: Place, options: argparse.Namespace) -> list[str]:
    """Sessions that are killed, each followed by another; what is wrong about them."""
    generator = random.Random(0)
    scaling(place.path / "long", options.mebibytes << 20, 1000)
    scaling(place.path / "short", 1 << 20, 1)
    start = time.monotonic()
    place.run("short")  # so that sources are compiled
    usual = time.monotonic() - start
    wrong = []
    left_behind = 0
    for _ in range(options.kill):
        session = place.start("long", *generator.choice(((), ("-n2",))))
        time.sleep(generator.uniform(0, 3 * usual))
        session.send_signal(signal.SIGKILL)
        session.wait()
        end = time.monotonic() + PATIENCE
        while place.processes() and time.monotonic() < end:
            time.sleep(0.05)
        if running := place.processes():
            wrong.append(f"outlived a killed session: {running}")
        left_behind += bool(place.files())
        status, printed = place.run("short")
        if status != 0:
            wrong.append(f"after a killed session:\n{printed[-2000:]}")
        if files := place.files():
            wrong.append(f"left after the next session: {files}")
    print(f"  {options.kill} sessions killed, {left_behind} of them left temporary files")
    return wrong


def main() -> None:
    """Runs what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--mebibytes", type=int, default=64, help="of the tensors of a case")
    parser.add_argument("--kill-cases", type=float, default=0, metavar="SECONDS")
    parser.add_argument("--kill", type=int, default=0)
    options = parser.parse_args()
    print(f"{len(os.sched_getaffinity(0))} CPUs, load {os.getloadavg()[0]:.1f}")
    wrong = []
    for section in (cases, kill):
        if getattr(options, section.__name__):
            print(section.__name__)
            with tempfile.TemporaryDirectory() as name:
                wrong += section(Place(Path(name)), options)
    print("\n".join(("", *wrong)) if wrong else "nothing left or grown")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
