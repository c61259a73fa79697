"""Which kernel_config.py may be executed twice."""

from __future__ import annotations

import pytest

from pytest_a2a3sim.loading.plain_config import is_plain

PLAIN = """
\"\"\"Kernels.\"\"\"
from __future__ import annotations
import os
from pathlib import Path

HERE: Path = Path(__file__).resolve().parent
ROOT = os.path.join(os.path.dirname(__file__), "aiv")
NAMES = ["add", "mul"]
KERNELS = [
    {"func_id": number, "source": str(HERE / f"{name}.cpp"), "core_type": "aiv"}
    for number, name in enumerate(NAMES)
    if name != "none"
]
ORCHESTRATION = {"source": ROOT + "/orchestration.cpp", "function_name": "build"}
"""


def test_files_are_named() -> None:
    assert is_plain(PLAIN.encode())


@pytest.mark.parametrize(
    "line",
    [
        "import numpy",
        "import os, sys",
        "import os; import subprocess",
        "from .pathlib import Path",
        "from os import system as Path",
        "os.environ['X'] = '1'",
        "HERE.touch()",
        "X = HERE.touch()",
        "X = os.system('true')",
        "Path = os.system",
        "X = [Path('true') for Path in [os.system]]",
        "X = (lambda: 1)()",
        "if X: X = 1",
        "raise SystemExit",
        "def f(): pass",
        "X = (y := 1)",
    ],
)
def test_more_is_done(line: str) -> None:
    assert not is_plain(f"{PLAIN}\n{line}\n".encode())
