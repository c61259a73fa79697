"""Directories as PyPTO generates them: torch tensors, and expected outputs kept in ``data/out``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_a2a3sim import A2A3SimError, GoldenError, Mismatch, run_case
from tests.golden_dirs import ORCHESTRATION, GoldenDir
from tests.words import without_breaks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_a2a3sim.model.result import CaseResult

torch: Any = pytest.importorskip("torch")

GOLDEN = """
from pathlib import Path
import ctypes
import torch

_DATA_DIR = Path(__file__).parent / "data"

__outputs__ = ["y"]
RTOL = 1e-05
ATOL = 1e-05


def generate_inputs(params):
    x = torch.load(_DATA_DIR / "in" / "x.pt", weights_only=True)
    y = torch.zeros((8,), dtype=torch.float32)
    return [
        ("x", x),
        ("y", y),
        *((name, ctypes.c_int64(size)) for name, size in (("a", 32), ("b", 32), ("n", 8))),
    ]


def compute_golden(tensors, params=None):
"""
CONFIG = """
from pathlib import Path
from simpler.task_interface import ArgDirection as _D

_ROOT_DIR = Path(__file__).parent
RUNTIME_CONFIG = {"runtime": "host_build_graph", "aicpu_thread_num": 0}
ORCHESTRATION = {
    "source": str(_ROOT_DIR / "orchestration" / "twice.cpp"),
    "function_name": "build_graph",
    "signature": [_D.IN, _D.OUT],
}
KERNELS = [
    {"func_id": 0, "name": "twice", "source": str(_ROOT_DIR / "kernels" / "aiv" / "twice.cpp"),
     "core_type": "aiv", "signature": [_D.IN, _D.OUT]},
]
"""
# As PyPTO's kernels, it is empty for the other core type. The last quarter is left undefined.
KERNEL = """
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
#if defined(__DAV_VEC__)
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    for (int64_t i = 0; i < 6; ++i) y[i] = 2 * x[i];
#endif
}
"""
X = torch.arange(1.0, 9.0)
WHOLE = [2.0, 4.0, 6.0, 8.0, 10.0, 12.0, float("nan"), float("nan")]


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., CaseResult]:
    """Runs a directory that keeps ``kept`` for its output, with a body of compute_golden."""
    directory = GoldenDir(tmp_path / "twice@a2a3sim@planner")
    directory.add("kernel_config.py", CONFIG)
    directory.add("kernels/aiv/twice.cpp", KERNEL)
    directory.add("orchestration/twice.cpp", ORCHESTRATION)

    def run(body: str, kept: Any = None) -> CaseResult:
        directory.golden(f"{GOLDEN}    {body}\n")
        for folder, name, values in (("in", "x", X), ("out", "y", kept)):
            file = directory.path / "data" / folder / f"{name}.pt"
            file.parent.mkdir(parents=True, exist_ok=True)
            if values is not None:
                torch.save(values, file)
        return run_case(directory.path)

    return run


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            'raise NotImplementedError("source extraction failed")',
            "NotImplementedError: source extraction failed",
        ),
        ('tensors["y"][:] = factor * tensors["x"]', "NameError: name 'factor' is not defined"),
    ],
)
def test_outputs_in_files_are_expected(
    run: Callable[..., CaseResult], body: str, said: str
) -> None:
    result = run(body, torch.tensor(WHOLE))
    result.check()
    assert result.notes == (
        f"expected outputs are those of 1 file in data/out: compute_golden raises {said}",
    )
    (diff,) = result.diffs
    assert (diff.matched, diff.size, diff.left_out) == (6, 6, 2)
    assert diff.why_left_out == "as NaN in data/out"


def test_nothing_is_expected_where_compute_golden_has_nan_as_well(
    run: Callable[..., CaseResult],
) -> None:
    body = 'tensors["y"][:] = 2 * tensors["x"]; tensors["y"][6:] = float("nan")'
    result = run(body, torch.tensor(WHOLE))
    result.check()
    assert (result.notes, result.diffs[0].left_out) == ((), 2)


def test_what_is_expected_is_compared(run: Callable[..., CaseResult]) -> None:
    wrong = torch.tensor([2.0, 5.0, *WHOLE[2:]])
    with pytest.raises(Mismatch) as caught:
        run("raise NotImplementedError", wrong).check()
    text = str(caught.value)
    assert "y: FAIL (5/6 elements matched, 2 left out as NaN in data/out)" in text
    assert "expected outputs are those of 1 file in data/out" in text


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        (None, "compute_golden failed for case 'default': NotImplementedError: none"),
        (torch.zeros(7), "an expected output must be what generate_inputs makes: float32 of shape"),
        (torch.zeros(8, dtype=torch.int32), "float32 of shape (8,); got int32 of shape (8,)"),
        ([1.0], "an expected output must be a torch tensor, float32 of shape (8,); got list"),
    ],
)
def test_files_that_do_not_help(run: Callable[..., CaseResult], kept: Any, message: str) -> None:
    with pytest.raises(GoldenError) as caught:
        run('raise NotImplementedError("none")', kept)
    assert without_breaks(message) in without_breaks(str(caught.value))


def test_an_error_of_the_author_is_no_lost_function(run: Callable[..., CaseResult]) -> None:
    with pytest.raises(A2A3SimError, match="UnboundLocalError"):
        run("y = y + 1", torch.tensor(WHOLE))


def test_methods_of_torch_on_what_numpy_made(golden_dir: GoldenDir) -> None:
    """The PTO runtime hands torch tensors to every compute_golden."""
    text = golden_dir.golden_py.read_text()
    body = '    tensors["out_y"].copy_(torch.mul(tensors["x"].float(), 2))'
    golden_dir.golden(
        "import torch\n" + text.replace('    tensors["out_y"][:] = 2 * tensors["x"]', body)
    )
    run_case(golden_dir.path).check()
    golden_dir.golden(text)  # and NumPy's on what it made
    run_case(golden_dir.path).check()
    body = '    tensors["out_y"].copy_("no tensor")'
    golden_dir.golden(
        "import torch\n" + text.replace('    tensors["out_y"][:] = 2 * tensors["x"]', body)
    )
    with pytest.raises(GoldenError, match=r"'numpy\.ndarray' object has no attribute 'copy_'"):
        run_case(golden_dir.path)
