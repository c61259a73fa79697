"""Runs random golden directories, right and with planted faults, and says which end wrongly.

    python -m tests.fuzz [--first SEED] [--count N] [--keep DIRECTORY]

Exits with 1 if one does.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.settings import Settings, usable_cpus
from pytest_a2a3sim.simulator import Simulator
from tests.fuzz.trials import kind_of, write_directory

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """What kernels and orchestrations print is not shown."""
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


def main() -> None:
    """Runs as many as were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=0, metavar="SEED")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--keep", type=Path, help="where to leave those that end wrongly")
    options = parser.parse_args()
    ends: dict[str, Counter[str]] = defaultdict(Counter)
    wrong = 0
    with (
        tempfile.TemporaryDirectory() as name,
        closing(Simulator(Settings(threads=usable_cpus()))) as simulator,
    ):
        root = (options.keep or Path(name)).resolve()
        for seed in range(options.first, options.first + options.count):
            path = root / str(seed)
            trial = write_directory(seed, path, root / "kernels")
            with silence():
                kind, message = kind_of(simulator, path, trial.settings)
            ends[trial.fault][kind] += 1
            if kind not in trial.kinds:
                wrong += 1
                sys.stdout.write(
                    f"seed {seed}: {trial.fault}, {trial.settings}: {kind} in place of "
                    f"{' or '.join(sorted(trial.kinds))}\n{message[:800]}\n\n"
                )
    for fault, kinds in sorted(ends.items()):
        told = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        sys.stdout.write(f"  {fault:40} {told}\n")
    sys.stdout.write(f"{options.count} directories, {wrong} ended wrongly\n")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
