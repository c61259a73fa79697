"""A session keeps records of its cases, not their tensors, nor memory of the engine.

Python's garbage collector is off here: it comes by so seldom that a circle of references would keep
the tensors of dozens of cases.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from tests.golden_dirs import GoldenDir

CONFTEST = """
import gc
from pathlib import Path

from pytest_a2a3sim.model.case import CaseInputs
from pytest_a2a3sim.model.recording import Recording


gc.disable()


def mappings():
    return len(Path("/proc/self/maps").read_text().splitlines())


def pytest_runtest_logfinish(nodeid, location):
    alive = [sum(isinstance(each, kind) for each in gc.get_objects())
             for kind in (CaseInputs, Recording)]
    with open("alive", "a") as file:
        print(*alive, mappings(), file=file)
"""


def test_cases_leave_nothing_but_their_records(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    pytester.makeconftest(textwrap.dedent(CONFTEST))
    doubler.extend_golden(
        """
        PARAMS_LIST = [{"n": n} for n in range(12)]

        def compute_golden(tensors, params):
            tensors["out_y"][:] = 2 * tensors["x"] + (params["n"] % 3 == 0)
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=8, failed=4)
    rows = [line.split() for line in (pytester.path / "alive").read_text().splitlines()]
    inputs, recordings, maps = zip(*(map(int, row) for row in rows), strict=True)
    assert len(rows) == 12
    assert max(inputs) <= 1  # the last failure's traceback, which Python keeps for debuggers
    assert max(recordings) <= 1
    assert maps[-1] <= maps[2] + 4  # Python's own allocations come and go
