"""What a session keeps of each case does not grow unnoticed."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from tests.golden_dirs import GoldenDir

FIRST, LAST = 20, 60  # caches are full from the first on
MOST_KEPT = 8 << 10  # bytes a case, of which pytest's own reports are 2.5 KiB
CONFTEST = f"""
import gc
import tracemalloc

ended = []
tracemalloc.start()


def pytest_runtest_logfinish(nodeid, location):
    ended.append(nodeid)
    if len(ended) in ({FIRST}, {LAST}):
        gc.collect()
        with open("kept", "a") as file:
            print(tracemalloc.get_traced_memory()[0], file=file)
"""


def test_records_of_cases_are_small(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    pytester.makeconftest(textwrap.dedent(CONFTEST))
    doubler.extend_golden(f"PARAMS_LIST = [{{'n': n}} for n in range({LAST})]")
    pytester.runpytest_subprocess().assert_outcomes(passed=LAST)
    first, last = map(int, (pytester.path / "kept").read_text().split())
    assert last - first < MOST_KEPT * (LAST - FIRST)
