"""Processes that share a cache: each object is compiled once, whatever happens to some of them."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import run_case
from tests.compilers import CountingCompiler

if TYPE_CHECKING:
    from pathlib import Path

    from tests.golden_dirs import GoldenDir

BOTH = ["double.cpp", "orchestration.cpp"]
RUN = "import sys; from pytest_a2a3sim import run_case; run_case(sys.argv[1]).check()"


def start(golden_dir: GoldenDir) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", RUN, str(golden_dir.path)])


@pytest.mark.usefixtures("own_cache")
def test_processes_that_start_together_compile_once(
    golden_dir: GoldenDir, compiler: CountingCompiler
) -> None:
    processes = [start(golden_dir) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert compiler.compiled() == BOTH


@pytest.mark.usefixtures("own_cache")
def test_process_killed_while_it_compiles(
    golden_dir: GoldenDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fifo = tmp_path / "compiling"
    os.mkfifo(fifo)
    stuck = CountingCompiler.create(
        tmp_path / "stuck",
        before=f'case "$*" in *-c*double.cpp*) [ -p {fifo} ] && echo $$ > {fifo};; esac',
    )
    monkeypatch.setenv("CXX", str(stuck.executable))
    compiling = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    victim = start(golden_dir)
    while not select.select([compiling], [], [], 0.1)[0]:
        assert victim.poll() is None
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    os.close(compiling)
    fifo.unlink()
    assert run_case(golden_dir.path).passed
    assert run_case(golden_dir.path).cache_hits == 2


def test_killed_writer_leaves_nothing_that_is_served(
    golden_dir: GoldenDir, own_cache: Path, compiler: CountingCompiler
) -> None:
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from pytest_a2a3sim import run_case\n"
        "write_bytes = Path.write_bytes\n"
        "def write_half(path, data):\n"
        "    if path.parent.name != 'tmp':\n"
        "        return write_bytes(path, data)\n"
        "    write_bytes(path, data[:len(data) // 2])\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "Path.write_bytes = write_half\n"
        "run_case(sys.argv[1])\n"
    )
    run_case(golden_dir.path)  # so that what is known about the compiler is there
    for path in [*own_cache.rglob("*.so"), *own_cache.rglob("manifests/*/*.json")]:
        path.unlink()
    killed = subprocess.run([sys.executable, "-c", script, str(golden_dir.path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(list((own_cache / "v2" / "tmp").iterdir())) >= 1
    compiler.forget()
    assert run_case(golden_dir.path).passed
    assert compiler.compiled() == BOTH
