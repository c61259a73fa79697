"""Each edge of the paged-attention graph, removed in turn, is found and named."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from tests.sanitizer.reports import sanitize

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

SOURCES = Path(__file__).parent / "paged_attention"
EXAMPLE = Path(__file__).parents[2] / "examples" / "paged_attention"
BATCH, BLOCKS = 2, 4
# The example's kernels, where they are, and its orchestration by way of the one that skips an edge.
CONFIG = f"""
from runpy import run_path

EXAMPLE = {str(EXAMPLE / "kernels")!r}
KERNELS = run_path(EXAMPLE + "/kernel_config.py")["KERNELS"]
for kernel in KERNELS:
    kernel["source"] = EXAMPLE + "/" + kernel["source"]
ORCHESTRATION = {{
    "source": "orchestration.cpp",
    "function_name": "build_without_edge",
    "include_dirs": [EXAMPLE + "/orchestration"],
}}
"""


def create(directory: Path) -> None:
    (directory / "kernels").mkdir(parents=True)
    shutil.copy(SOURCES / "without_edge_golden.py", directory / "golden.py")
    shutil.copy(EXAMPLE / "golden.py", directory / "paged_attention.py")
    shutil.copy(SOURCES / "orchestration.cpp", directory / "kernels")
    (directory / "kernels" / "kernel_config.py").write_text(CONFIG)


def edges() -> Iterator[tuple[int, int]]:
    """In the order in which the example adds them."""
    for batch in range(BATCH):
        first = 4 * BLOCKS * batch
        for block in range(BLOCKS):
            qk, sf, pv = range(first + 3 * block, first + 3 * block + 3)
            yield qk, sf
            yield sf, pv
        for block in range(BLOCKS):
            up = first + 3 * BLOCKS + block
            yield first + 3 * block + 2, up
            if block > 0:
                yield up - 1, up


def test_each_removed_edge_is_found(pytester: pytest.Pytester) -> None:
    create(pytester.path / "paged_attention")
    cases = sanitize(pytester)
    removed = {str(number): [list(edge)] for number, edge in enumerate(edges())}
    assert cases.keys() == {"-1", *removed}
    assert cases.pop("-1").passed
    assert {name: case.failure for name, case in cases.items()} == dict.fromkeys(
        removed, "sanitizer"
    )
    found = {
        name: [finding["edge"] for finding in case.races.values() if not finding["consequence"]]
        for name, case in cases.items()
    }
    assert found == removed
