"""Scene tests: classes of test files, without the PTO runtime's package."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from tests.golden_dirs import KERNEL, ORCHESTRATION, GoldenDir

if TYPE_CHECKING:
    from pathlib import Path

SCENE = """
import ctypes

import numpy as np
from simpler.task_interface import ArgDirection as D
from simpler_setup import Scalar, SceneTestCase, TaskArgsBuilder, TensorArg, scene_test


class Twice(SceneTestCase):
    CALLABLE = {
        "orchestration": {
            "source": "kernels/orchestration.cpp",
            "function_name": "build_graph",
            "signature": [D.IN, D.OUT],
        },
        "incores": [
            {
                "func_id": 0,
                "source": "kernels/double.cpp",
                "core_type": "aiv",
                "signature": [D.IN, D.OUT],
            }
        ],
    }
    factor = 2

    def generate_args(self, params):
        return TaskArgsBuilder(
            TensorArg("x", np.arange(8, dtype=np.float32)),
            TensorArg("y", np.zeros(8, np.float32)),
            *(Scalar(name, n) for name, n in (("a", 32), ("b", ctypes.c_int64(32)), ("n", 8))),
        )

    def compute_golden(self, args, params):
        assert (args.n, args.b.value) == (8, 32)
        args.y[:] = self.factor * args.x + params.get("more", 0)
"""
CLASSES = """
@scene_test(level=2, runtime="host_build_graph")
class TestTwice(Twice):
    CASES = [
        {"name": "right", "platforms": ["a2a3sim", "a2a3"], "params": {}},
        {"name": "wrong", "platforms": ["a2a3sim"], "params": {"more": 1}},
        {"name": "rare", "platforms": ["a2a3sim"], "manual": ["a2a3sim"], "params": {}},
        {"name": "a5", "platforms": ["a5sim"], "params": {}, "config": {"aicpu_thread_num": 5}},
        {"name": "device", "platforms": ["a2a3"], "params": {}},
        {"name": "unknown", "platforms": ["a2a3sim"], "params": {"more": 1}, "skip_golden": True},
    ]


@scene_test(level=2, runtime="host_build_graph")
class TestOwnComparison(Twice):
    CASES = [
        {"name": "half", "platforms": ["a2a3sim"], "params": {}},
        {"name": "all", "platforms": ["a2a3sim"], "params": {"all": True}},
    ]

    def compute_golden(self, args, params):
        args.y = np.concatenate([2 * args.x[:4], np.full(4, -1, np.float32)])

    def compare_outputs(self, test_args, golden_args, output_names, params):
        from simpler_setup.scene_test import _compare_outputs

        assert output_names == ["y"] and np.array_equal(test_args.x, golden_args.x)
        if params.get("all"):
            _compare_outputs(test_args, golden_args, output_names, self.RTOL, self.ATOL)
        assert np.array_equal(test_args.y[:4], golden_args.y[:4])


@scene_test(level=3, runtime="host_build_graph")
class TestSeveral(Twice):
    CASES = [{"name": "default", "platforms": ["a2a3sim"], "params": {}}]


@scene_test(level=2, runtime="host_build_graph")
class TestOfTheRuntime(Twice):
    CASES = [{"name": "default", "platforms": ["a2a3sim"], "params": {}}]

    def test_run(self, st_platform):
        raise AssertionError


def test_besides():
    pass
"""


@pytest.fixture
def scenes(pytester: pytest.Pytester) -> Path:
    directory = GoldenDir(pytester.path / "twice")
    directory.add("test_twice.py", SCENE + CLASSES)
    directory.kernel(KERNEL)
    directory.orchestration(ORCHESTRATION)
    return directory.path / "test_twice.py"


def test_cases_are_items(pytester: pytest.Pytester, scenes: Path) -> None:
    result = pytester.runpytest("-rs", "-v", "-W", "default", scenes)
    result.assert_outcomes(passed=5, failed=2, skipped=3, deselected=1)
    result.stdout.fnmatch_lines_random(
        [
            "*::TestTwice::right PASSED*",
            "*::TestTwice::wrong FAILED*",
            "*::TestTwice::unknown PASSED*",
            "*::TestOwnComparison::half PASSED*",
            "*::TestOwnComparison::all FAILED*",
            "*::test_besides PASSED*",
            "SKIPPED*the case is for a2a3, not for a simulator*",
            "SKIPPED*it is of level 3: several chips or processes, and one chip is simulated*",
            "SKIPPED*it defines test_run: it is about the PTO runtime itself, *",
        ]
    )
    assert not [name for name in sys.modules if name.partition(".")[0].startswith("simpler")]


def test_platform_and_manual_cases(pytester: pytest.Pytester, scenes: Path) -> None:
    chosen = f"{scenes}::TestTwice"
    result = pytester.runpytest("-rs", "--sim-platform=a5", chosen)
    result.assert_outcomes(passed=1, skipped=5)
    result.stdout.fnmatch_lines(["SKIPPED*the case is for a2a3sim, a2a3, not for a5sim*"])
    pytester.runpytest(f"{chosen}::rare").assert_outcomes(passed=1)


def test_file_that_only_speaks_of_them_is_an_ordinary_one(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_words="TEXT = '@scene_test(level=2)'\n\n\ndef test_words():\n    pass\n"
    )
    result = pytester.runpytest("--collect-only")
    result.stdout.fnmatch_lines(["*<Module test_words.py>*", "*<Function test_words>*"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '"params": {}}',
            '"params": {}, "config": {"aicpu_thread_num": 9}}',
            "*must be 0..7; got 9*",
        ),
        (
            "[D.IN, D.OUT],\n        }",
            "[D.IN, D.IN],\n        }",
            "*calls none of 'x', 'y' OUT or*",
        ),
        ('"aiv"', '"gpu"', 'test_twice.py: CALLABLE*core_type* must be "aic" or "aiv"; got *'),
        ("return TaskArgsBuilder(", "return list(", "*"),
        (
            "import ctypes",
            "import simpler.worker as w; w.Worker()",
            "*simpler.worker.Worker is the*",
        ),
    ],
)
def test_what_is_wrong(
    pytester: pytest.Pytester, scenes: Path, old: str, new: str, message: str
) -> None:
    one = textwrap.dedent(CLASSES).split("        {")[0] + (
        '        {"name": "right", "platforms": ["a2a3sim"], "params": {}},\n    ]\n'
    )
    scenes.write_text((SCENE + one).replace(old, new, 1))
    result = pytester.runpytest(scenes)
    assert result.ret != 0
    result.stdout.fnmatch_lines([message])
    assert "INTERNALERROR" not in result.stdout.str()
