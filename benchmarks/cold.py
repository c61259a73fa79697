"""A session with an empty cache, its bare compiler commands, and a session with a full cache."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pytest_a2a3sim.building.toolchain import find_toolchain
from pytest_a2a3sim.building.unit import units
from pytest_a2a3sim.loading.kernel_config import load_kernel_config
from pytest_a2a3sim.model.settings import usable_cpus

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/golden.py"))
PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist")


def environment(directory: Path, **extra: str) -> dict[str, str]:
    """An environment whose build cache is in a directory."""
    return {**os.environ, "A2A3SIM_CACHE_DIR": str(directory / "cache"), **extra}


def timed(command: list[str], env: dict[str, str] | None = None) -> float:
    """Seconds that a command takes.

    Raises:
        SystemExit: it fails.
    """
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{shlex.join(command)} failed:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - start


def bare_commands(kernels: list[Path], output: Path) -> list[str]:
    """A command for each source, which compiles and links it at once."""
    toolchain = find_toolchain()
    commands = []
    for directory in kernels:
        for unit in dict.fromkeys(units(load_kernel_config(directory))):
            name = output / f"{len(commands)}.so"
            flags = [*toolchain.flags(unit), "-shared", "-Wl,-Bsymbolic"]
            words = [*toolchain.compiler, *flags, str(unit.source), "-o", str(name)]
            commands.append(shlex.join(words))
    return commands


def run_bare(kernels: list[Path]) -> float:
    """Seconds for the bare commands of golden directories, run by xargs on every CPU."""
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory, "commands")
        script.write_text("\n".join(bare_commands(kernels, Path(directory))))
        run = 'tr "\\n" "\\0" < "$0" | xargs -0 -P "$1" -I{} sh -c "{}"'
        return timed(["sh", "-c", run, str(script), str(usable_cpus())])


def cold_and_parts(repeat: int) -> tuple[float, float, float]:
    """The least seconds of a cold run, of its bare compiler commands, and of a warm run."""
    kernels = [path / "kernels" for path in EXAMPLES]
    colds, bares, warms = [], [], []
    for _ in range(repeat):
        with tempfile.TemporaryDirectory() as directory:
            env = environment(Path(directory))
            colds.append(timed([*PYTEST, "examples"], env))
            bares.append(run_bare(kernels))
            warms.append(timed([*PYTEST, "examples"], env))
    return min(colds), min(bares), min(warms)
