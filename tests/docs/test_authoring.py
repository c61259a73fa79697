"""The examples of docs/authoring.md and docs/usage.md are parts of golden directories that pass."""

from __future__ import annotations

import pytest

from pytest_a2a3sim import Settings, run_case
from tests.docs.markdown_pages import CHECKOUT, blocks
from tests.golden_dirs import GoldenDir

GOLDEN = """
TENSOR_ORDER = ["x", "out_y", "out_count"]


def generate_inputs(params):
    return {
        "x": np.arange(8, dtype=np.float32),
        "out_y": np.zeros(8, np.float32),
        "out_count": np.zeros(8, np.int32),
    }


def compute_golden(tensors, params):
    tensors["out_count"][:] = 5
    tensors["out_y"][:5] = 2 * tensors["x"][:5]
"""
ORCHESTRATION = """
#include "runtime.h"

extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {
    uint64_t task[3];
    for (int i = 0; i < 3; ++i) {
        task[i] = reinterpret_cast<uint64_t>(runtime->host_api.device_malloc(args[3 + i]));
    }
    runtime->host_api.copy_to_device(
        reinterpret_cast<void*>(task[0]), reinterpret_cast<void*>(args[0]), args[3]);
    runtime->add_task(task, 3, 0, CoreType::AIV);
    for (int i = 1; i < 3; ++i) {
        runtime->record_tensor_pair(
            reinterpret_cast<void*>(args[i]), reinterpret_cast<void*>(task[i]), args[3 + i]);
    }
    return 0;
}
"""
KERNEL = """
for (int i = 0; i < 5; ++i) y[i] = 2 * x[i];
int32_t* count = reinterpret_cast<int32_t*>(args[2]);
for (int i = 0; i < 8; ++i) count[i] = COUNT;
"""


DOUBLES_TWICE = """
for (int i = 0; i < 2; ++i) runtime->add_task(task, 3, 0, CoreType::AIV);
runtime->record_tensor_pair(host_y, y, args[3]);
return 0;
"""


def example(page: str, text: str) -> str:
    """The one block of a page that has a text."""
    (found,) = (each.text for each in blocks(CHECKOUT / "docs" / page) if text in each.text)
    return found


@pytest.mark.parametrize(("count", "passed"), [(5, True), (6, False)])
def test_example_of_compare_outputs(golden_dir: GoldenDir, count: int, passed: bool) -> None:  # noqa: FBT001 - an expectation
    golden_dir.extend_golden(GOLDEN)
    golden_dir.extend_golden(example("authoring.md", "def compare_outputs"))
    golden_dir.orchestration(ORCHESTRATION)
    golden_dir.kernel_body(KERNEL.replace("COUNT", str(count)))
    result = run_case(golden_dir.path)
    assert result.passed is passed
    assert {diff.name: diff.left_out for diff in result.diffs} == {"out_y": 3, "out_count": 0}


def test_example_of_suppressions(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration_body(DOUBLES_TWICE)
    config = (golden_dir.path / "kernels" / "kernel_config.py").read_text()
    golden_dir.kernel_config(config + example("authoring.md", "SUPPRESSIONS ="))
    result = run_case(golden_dir.path, settings=Settings(sanitize=("racecheck",)))
    assert result.passed
    assert result.sanitizer is not None
    assert result.sanitizer.suppressed == 1


def test_example_of_suppressions_in_an_ini_file(pytester: pytest.Pytester) -> None:
    GoldenDir.create(pytester.path / "doubler").orchestration_body(DOUBLES_TWICE)
    pytester.makeini(example("authoring.md", "sim_suppressions ="))
    result = pytester.runpytest("--sim-sanitize=racecheck")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["suppressed 1 finding: racecheck double double out_y *"])


@pytest.mark.parametrize("file", ["golden.py", "conftest.py"])
def test_examples_of_the_marker(pytester: pytest.Pytester, file: str) -> None:
    doubler = GoldenDir.create(pytester.path / "doubler")
    doubler.orchestration_body(DOUBLES_TWICE)
    if file == "golden.py":
        doubler.extend_golden(example("usage.md", "pytestmark = pytest.mark.sim_sanitize"))
    else:
        text = example("usage.md", "def pytest_itemcollected")
        doubler.add("conftest.py", f"import pytest\n\n\n{text}")
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["the sanitizer has 1 finding: 1 racecheck WAW"])
