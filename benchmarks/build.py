"""The build cache against bare compiler runs.

    python benchmarks/build.py [--section SECTION]... [--repeat N] [--rounds N]

cold   ``pytest examples/`` with an empty cache, against the bare compiler commands run by
       ``xargs -P`` plus a run with a full cache.
warm   compiler processes and the build phase of each case of ``examples/paged_attention``.
race   processes that build the same directory at once on an empty cache, some of them killed.
heavy  kernels that share a heavy header, against their single compilations run by ``xargs -P``.
       The header is PTO ISA's where PTO_ISA_ROOT is set, and a generated one elsewhere.

Everything happens in temporary directories. Ratios are of minima of N repetitions that take turns.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cold import PYTEST, ROOT, cold_and_parts, environment, run_bare, timed
from directories import HEAVY_HEADER, KERNEL, golden_directory, heavy_kernels

from pytest_a2a3sim.building.builder import Builder
from pytest_a2a3sim.building.store.cache import Cache
from pytest_a2a3sim.building.toolchain import find_toolchain
from pytest_a2a3sim.loading.kernel_config import load_kernel_config
from pytest_a2a3sim.model.settings import usable_cpus

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    """Runs the sections that were asked for."""
    sections: dict[str, Callable[[argparse.Namespace], None]] = {
        "cold": cold,
        "warm": warm,
        "race": race,
        "heavy": heavy,
    }
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--section", action="append", choices=sections)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=50, help="of the race")
    parser.add_argument("--kernels", type=int, default=4, help="with the heavy header")
    options = parser.parse_args()
    print(f"{usable_cpus()} CPUs, load {os.getloadavg()[0]:.1f}, {find_toolchain().version}")
    for name in options.section or sections:
        print(f"\n{name}")
        sections[name](options)


def cold(options: argparse.Namespace) -> None:
    """The whole of a cold run against its parts."""
    whole, bare, warm = cold_and_parts(options.repeat)
    print(f"  pytest examples, cold          {whole:6.2f} s")
    print(f"  bare compiler commands         {bare:6.2f} s")
    print(f"  pytest examples, warm          {warm:6.2f} s")
    print(f"  cold / (bare + warm)           {whole / (bare + warm):6.2f}")


COUNT_BUILDS = """
import json, sys
from pytest_a2a3sim import Settings, Simulator
from pytest_a2a3sim.loading.golden import load_golden
from pathlib import Path
golden = load_golden(Path(sys.argv[1]))
simulator = Simulator(Settings(threads=1))
results = [simulator.attempt(golden, case).get() for case in golden.cases if case.runs_by_default]
print(json.dumps([[r.case, r.phases["build"], r.compiled, r.cache_hits] for r in results]))
simulator.close()
"""


def counting_compiler(directory: Path) -> tuple[Path, Path]:
    """A compiler that logs its runs, and the log."""
    script, log = directory / "counted-g++", directory / "log"
    script.write_text(f'#!/bin/sh\necho "$*" >> {log}\nexec g++ "$@"\n')
    script.chmod(0o755)
    log.write_text("")
    return script, log


def warm(options: argparse.Namespace) -> None:
    """Compiler processes and build phases with a full cache."""
    golden = ROOT / "examples" / "paged_attention"
    with tempfile.TemporaryDirectory() as directory:
        script, log = counting_compiler(Path(directory))
        env = environment(Path(directory), CXX=str(script))
        timed([*PYTEST, str(golden)], env)
        log.write_text("")
        timed([*PYTEST, str(golden)], env)
        print(f"  compiler processes of pytest {len(log.read_text().splitlines()):9d}")
        command = [sys.executable, "-c", COUNT_BUILDS, str(golden / "golden.py")]
        phases: list[list[float]] = []
        for _ in range(options.repeat):
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
            rows = json.loads(done.stdout.splitlines()[-1])
            phases.append([row[1] * 1e3 for row in rows])
        first = min(run[0] for run in phases)
        later = sorted(max(run[1:]) for run in phases)
        print(f"  build phase, first case        {first:6.2f} ms")
        print(f"  build phase, slowest later one {later[0]:6.2f} ms")


def race(options: argparse.Namespace) -> None:
    """Eight processes at once; every second round two of them are killed at a random time."""
    generator = random.Random(0)
    run = "import sys; from pytest_a2a3sim import run_case; run_case(sys.argv[1]).check()"
    failed = damaged = killed = redone = missing = 0
    for i in range(options.rounds):
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            script, log = counting_compiler(directory)
            env = environment(directory, CXX=str(script))
            kernels = {f"{k}.cpp": KERNEL.format(include="") for k in "abc"}
            golden = golden_directory(directory / "golden", kernels)
            command = [sys.executable, "-c", run, str(golden)]
            processes = [
                subprocess.Popen(command, env=env, start_new_session=True) for _ in range(8)
            ]
            victims = generator.sample(processes, 2) if i % 2 else []
            for victim in victims:
                time.sleep(generator.uniform(0.2, 1.0))
                if victim.poll() is None:
                    victim.send_signal(signal.SIGKILL)
                    killed += 1
            failed += sum(p.wait() != 0 for p in processes if p not in victims)
            for victim in victims:
                victim.wait()
            compiled = [line for line in log.read_text().splitlines() if ".cpp -o " in line]
            redone += len(compiled) - len(kernels) - 1
            objects = list((directory / "cache").rglob("*.so"))
            missing += not objects
            damaged += sum(
                hashlib.sha256(path.read_bytes()).hexdigest() != path.stem for path in objects
            )
            log.write_text("")
            failed += subprocess.run(command, env=env, check=False).returncode != 0
            missing += bool(log.read_text())
    print(f"  rounds of 8 processes           {options.rounds:6d}")
    print(f"  processes killed                {killed:6d}")
    print(f"  runs that failed                {failed:6d}")
    print(f"  damaged objects                 {damaged:6d}")
    print(f"  sources compiled more than once {redone:6d}")
    print(f"  rounds that left a source uncompiled {missing:1d}")


def heavy(options: argparse.Namespace) -> None:
    """The cold build of kernels with one heavy header."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        golden = golden_directory(directory / "golden", heavy_kernels(options.kernels))
        (golden / "kernels" / "heavy.h").write_text(HEAVY_HEADER)
        config = load_kernel_config(golden / "kernels")
        walls: dict[str, list[float]] = {"bare": [], "cold": [], "edited": []}
        cpus: dict[str, list[float]] = {"bare": [], "cold": [], "edited": []}
        for i in range(options.repeat):
            cache = Cache(directory / f"cache{i}")
            for kind, seconds in walls.items():
                used = cpu_seconds()
                start = time.perf_counter()
                if kind == "bare":
                    run_bare([golden / "kernels"])
                else:
                    with Builder((), cache) as builder:
                        builder.build(config)
                seconds.append(time.perf_counter() - start)
                cpus[kind].append(cpu_seconds() - used)
                for kernel in config.kernels:
                    with kernel.compile.source.open("a") as file:
                        file.write(f"// {kind} {i}\n")
    header = "PTO ISA" if os.environ.get("PTO_ISA_ROOT") else "generated"
    print(f"  {options.kernels} kernels, header: {header}")
    print(f"  {'':<28} {'wall':>8}   / bare   {'CPU':>8}   / bare")
    labels = {"bare": "bare compiler commands", "cold": "cold", "edited": "every kernel edited"}
    for kind, label in labels.items():
        wall, cpu = min(walls[kind]), min(cpus[kind])
        ratios = wall / min(walls["bare"]), cpu / min(cpus["bare"])
        print(f"  {label:<28} {wall:6.2f} s   {ratios[0]:6.2f}   {cpu:6.2f} s   {ratios[1]:6.2f}")


def cpu_seconds() -> float:
    """CPU time of this process and of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main()
