"""How well cases are shared out among xdist's workers.

    python benchmarks/balance.py [--suites N]

The schedulers are those that run tests; workers are made up, so that other work on the machine
does not blur what is measured: a case takes as long as it took before, times a random factor.
Printed is the time to the end of the last case, in parts of the least that any order could take,
and on how many workers the cases of a golden.py are: of a suite of 40 cases over 8 golden
directories, of which the last has a case that takes as long as ten others, and of random suites.
"""

from __future__ import annotations

import argparse
import heapq
import random
import statistics
import types
from collections import deque
from typing import Any

from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling, LoadScheduling, WorkStealingScheduling

from pytest_a2a3sim.plugin import balance

CASES = 5
NOISE = 0.2  # standard deviation of the logarithm of the factor


class Worker:
    """What a scheduler sees of a worker, and what the worker does."""

    def __init__(self, name: str) -> None:
        self.gateway = types.SimpleNamespace(id=name)
        self.shutting_down = False
        self.queue: deque[int] = deque()
        self.running: int | None = None
        self.stolen: list[int] = []

    def send_runtest_some(self, indices: list[int]) -> None:
        """Adds tests."""
        self.queue.extend(indices)

    def send_steal(self, indices: list[int]) -> None:
        """Gives up tests, all or none; the next one is no longer in xdist's queue."""
        if set(indices) <= {*list(self.queue)[1:]}:
            self.queue = deque(index for index in self.queue if index not in indices)
            self.stolen = list(indices)

    def shutdown(self) -> None:
        """Lets it run the last test."""
        self.shutting_down = True

    def next_test(self) -> int | None:
        """The test that begins, if one can: xdist has to know the one after it."""
        if self.running is None and len(self.queue) >= (1 if self.shutting_down else 2):
            self.running = self.queue.popleft()
            return self.running
        return None


def run(make: Any, nodeids: list[str], seconds: list[float], workers: int) -> tuple[float, float]:
    """Time to the end of the last test, and on how many workers the cases of a file are."""
    options = {"tx": ["popen"] * workers, "maxschedchunk": None, "loadscopereorder": True}
    config = types.SimpleNamespace(
        getoption=options.__getitem__,
        getvalue=options.__getitem__,
        option=types.SimpleNamespace(**options),
    )
    scheduler = make(config, Producer("benchmark", enabled=False))
    nodes = [Worker(f"gw{number}") for number in range(workers)]
    for node in nodes:
        scheduler.add_node(node)
    for node in nodes:
        scheduler.add_node_collection(node, nodeids)
    scheduler.schedule()
    now, ends, done = 0.0, [], 0
    where: dict[str, set[str]] = {}
    while done < len(nodeids):
        for number, node in enumerate(nodes):
            if node.stolen:
                stolen, node.stolen = node.stolen, []
                scheduler.remove_pending_tests_from_node(node, stolen)
            if (test := node.next_test()) is not None:
                heapq.heappush(ends, (now + seconds[test], number, test))
                where.setdefault(nodeids[test].partition("::")[0], set()).add(node.gateway.id)
        if any(node.stolen for node in nodes):
            continue
        now, number, test = heapq.heappop(ends)
        nodes[number].running = None
        done += 1
        scheduler.mark_test_complete(nodes[number], test, seconds[test])
    return now, statistics.fmean(map(len, where.values()))


def trial(
    sizes: list[int], lengths: list[float], workers: int, chance: random.Random
) -> dict[str, tuple[float, float]]:
    """Every way to run a suite, in parts of the least time."""
    nodeids = [f"k{k}/golden.py::{n}" for k, size in enumerate(sizes) for n in range(size)]
    seconds = [length * chance.lognormvariate(0, NOISE) for length in lengths]
    known = dict(zip(nodeids, lengths, strict=True))
    least = max(sum(seconds) / workers, *seconds)
    ways = {
        "--dist load": LoadScheduling,
        "--dist worksteal": WorkStealingScheduling,
        "--dist loadfile": LoadFileScheduling,
        "longest first": lambda config, log: balance.LongestFirst(config, log, lambda: known),
    }
    found = {}
    for way, make in ways.items():
        time, together = run(make, nodeids, seconds, workers)
        found[way] = (time / least, together)
    sent, balance._SENT = balance._SENT, 0.0  # noqa: SLF001 - what keeps cases together
    time, together = run(ways["longest first"], nodeids, seconds, workers)
    found["longest first, singly"] = (time / least, together)
    balance._SENT = sent  # noqa: SLF001 - as above
    return found


def show(title: str, trials: list[dict[str, tuple[float, float]]]) -> None:
    """Means over trials, and the worst."""
    print(f"\n{title}: mean and worst time, workers a golden")
    for way in trials[0]:
        times = [each[way][0] for each in trials]
        together = statistics.fmean(each[way][1] for each in trials)
        print(f"{way:22} {statistics.fmean(times):5.2f} {max(times):5.2f} {together:5.2f}")


def main() -> None:
    """Runs the suites and prints what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suites", type=int, default=300)
    options = parser.parse_args()
    chance = random.Random(0)
    for workers in (2, 4, 8):
        lengths = [1.0] * 39 + [10.0]
        trials = [trial([CASES] * 8, lengths, workers, chance) for _ in range(options.suites)]
        show(f"{workers} workers, 40 cases, the last takes ten times as long", trials)
    for workers in (2, 4, 8):
        trials = []
        for _ in range(options.suites):
            sizes = [chance.randint(1, 12) for _ in range(chance.randint(2, 30))]
            usual = [chance.lognormvariate(0, 1) for size in sizes for _ in range(size)]
            trials.append(trial(sizes, usual, workers, chance))
        show(f"{workers} workers, random suites", trials)


if __name__ == "__main__":
    main()
