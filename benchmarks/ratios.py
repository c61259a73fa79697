"""A few ratios to peers as JSON, and what has moved since they were measured last.

    python benchmarks/ratios.py -o NEW.json [--against OLD.json] [--repeat N]

Each is our time divided by that of a peer in the same run, so that a slow machine hits both: the
start of sessions by that of a bare pytest that imports NumPy, a session with an empty cache by its
compiler commands and a session with a full one, graphs of empty tasks by OpenMP's, comparisons by
``numpy.isclose``. It takes a minute or two. What has moved by more than a tenth is
marked; nothing is decided by it, and the exit status is 0.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from pathlib import Path

import cold
import compare
import engine
import numpy as np
import start
from task_graphs import LARGE, LAYERS, Programs

from pytest_a2a3sim.model.settings import usable_cpus

ELEMENTS = 1 << 23
MARKED = 0.1


def of_start(repeat: int) -> dict[str, float]:
    """Of sessions."""
    start.adopt_orphans()
    return {f"start: {name}": ratio for name, ratio in start.ratios(start.turns(repeat)).items()}


def of_build(repeat: int) -> dict[str, float]:
    """Of sessions with an empty cache."""
    whole, bare, warm = cold.cold_and_parts(repeat)
    return {"build: cold": whole / (bare + warm)}


def of_engine(repeat: int) -> dict[str, float]:
    """Of graphs of empty tasks, on two threads."""
    found = {}
    with tempfile.TemporaryDirectory() as directory, engine.Engine() as runner:
        programs = Programs(Path(directory))
        peers = [item for item in programs.libraries if item.label == "OpenMP"]
        for shape in (LARGE, LAYERS) if peers else ():
            ours, theirs = [], []
            for _ in range(repeat):
                ours.append(runner.run(shape, 0, 2).total)
                theirs.append(min(programs.seconds(peers[0], shape, 0, 2, 3)))
            found[f"engine: {shape.label}"] = min(ours) / min(theirs)
    return found


def of_comparing(repeat: int) -> dict[str, float]:
    """Of tensors with mismatches and without."""
    expected = np.random.default_rng(1).standard_normal(ELEMENTS).astype(np.float32)
    found = {}
    for name, actual in (("equal", expected.copy()), ("all wrong", expected + np.float32(1))):
        ours, _, isclose, _ = compare.milliseconds(
            compare.row(actual, expected, usable_cpus()), repeat
        )
        found[f"compare: {name}"] = ours / isclose
    return found


def moved(ratios: dict[str, float], before: dict[str, float]) -> list[str]:
    """A line for each ratio of either, with what it was."""
    lines = []
    for name in dict.fromkeys([*before, *ratios]):
        now, then = ratios.get(name), before.get(name)
        if now is None or then is None:
            lines.append(f"{name:36} {'new' if then is None else 'gone'}")
            continue
        change = now / then - 1
        mark = " <" if abs(change) > MARKED else ""
        lines.append(f"{name:36} {then:8.4f} -> {now:8.4f} {100 * change:+6.1f} %{mark}")
    return lines


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--against", type=Path, help="what was written before; may be missing")
    parser.add_argument("--repeat", type=int, default=7)
    options = parser.parse_args()
    repeat = options.repeat
    ratios = of_start(repeat) | of_build(repeat) | of_engine(repeat) | of_comparing(repeat)
    document = {
        "machine": f"{platform.machine()}, {usable_cpus()} CPUs",
        "python": platform.python_version(),
        "ratios": ratios,
    }
    options.output.write_text(json.dumps(document, indent=1) + "\n")
    if options.against is None or not options.against.is_file():
        print("\n".join(f"{name:36} {ratio:8.4f}" for name, ratio in ratios.items()))
        return
    before = json.loads(options.against.read_text())
    if before["machine"] != document["machine"]:
        print(f"measured before on {before['machine']}, now on {document['machine']}")
    print("\n".join(moved(ratios, before["ratios"])))


if __name__ == "__main__":
    sys.exit(main())
