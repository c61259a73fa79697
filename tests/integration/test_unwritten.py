"""Outputs that the device did not write are called that, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import Mismatch, Settings, UnwrittenOutput, run_case

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

GOLDEN = """
import numpy as np


def generate_inputs(params):
    return {{
        "x": np.arange(8, dtype=np.float32),
        "out_y": np.full((2, 4), {initial}, dtype="{dtype}"),
    }}


def compute_golden(tensors, params):
    tensors["out_y"].reshape(-1)[:] = {expected}
"""

TYPES = {
    "float16": "uint16_t",
    "float32": "float",
    "float64": "double",
    "int8": "int8_t",
    "uint8": "uint8_t",
    "int32": "int32_t",
    "int64": "int64_t",
    "uint64": "uint64_t",
    "bool": "bool",
}


def typed_body(dtype: str, body: str) -> str:
    return f"{TYPES[dtype]}* out = reinterpret_cast<{TYPES[dtype]}*>(y);\n{body}"


@pytest.mark.parametrize("dtype", TYPES)
def test_partly_written(golden_dir: GoldenDir, dtype: str) -> None:
    golden_dir.golden(GOLDEN.format(initial=0, dtype=dtype, expected=0))
    golden_dir.kernel_body(typed_body(dtype, "for (int i = 0; i < 5; ++i) out[i] = 0;"))
    result = run_case(golden_dir.path)
    assert not result.passed
    [unwritten] = result.unwritten
    assert (unwritten.tensor, unwritten.what) == ("out_y", "written")
    assert (unwritten.count, unwritten.size, unwritten.first) == (3, 8, (1, 1))
    with pytest.raises(UnwrittenOutput) as caught:
        result.check()
    assert str(caught.value).startswith(
        "output 'out_y': 3 of 8 elements were never written; the first is out_y[1, 1]\n"
        "  no kernel wrote them in device memory\n"
    )


def test_nothing_is_unwritten_that_no_second_run_has_shown(golden_dir: GoldenDir) -> None:
    golden_dir.kernel_body("for (int i = 0; i < 5; ++i) y[i] = 2 * x[i];")
    result = run_case(golden_dir.path, settings=Settings(isolate=False))
    assert result.unwritten == ()
    with pytest.raises(Mismatch) as caught:
        result.check()
    assert caught.value.kind == "mismatch"
    assert "never written" not in str(caught.value)
    assert "=> bytes 0xFF: all 3 mismatches hold what fresh device memory does" in str(caught.value)
    assert caught.value.summary.startswith("out_y 3/8: bytes 0xFF, as in fresh device memory")


def test_what_another_order_mends_is_not_unwritten(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration_body(
        """\
        uint64_t last[] = {task[1], reinterpret_cast<uint64_t>(api.device_malloc(args[3])), 0};
        runtime->add_task(last, 3, 0, CoreType::AIV);
        runtime->add_task(task, 3, 0, CoreType::AIV);
        runtime->record_tensor_pair(host_y, reinterpret_cast<void*>(last[1]), args[3]);
        return 0;"""
    )
    golden_dir.kernel_body("for (int i = 0; i < 8; ++i) y[i] = args[2] == 0 ? x[i] : 2 * x[i];")
    result = run_case(golden_dir.path, settings=Settings(threads=1))
    with pytest.raises(Mismatch) as caught:
        result.check()
    assert caught.value.kind == "mismatch"
    assert caught.value.summary == "out_y 8/8: right in the order reverse"


@pytest.mark.parametrize(("dtype", "ones"), [("int32", "-1"), ("uint8", "255"), ("int8", "-1")])
def test_a_value_like_poison_is_a_value(golden_dir: GoldenDir, dtype: str, ones: str) -> None:
    """-1 and 255 where 3 is expected are wrong values."""
    golden_dir.golden(GOLDEN.format(initial=0, dtype=dtype, expected=3))
    golden_dir.kernel_body(typed_body(dtype, f"for (int i = 0; i < 8; ++i) out[i] = {ones};"))
    result = run_case(golden_dir.path)
    assert not result.passed
    assert result.unwritten == ()


def test_expected_values_like_poison_match(golden_dir: GoldenDir) -> None:
    golden_dir.golden(GOLDEN.format(initial=0, dtype="int32", expected=-1))
    golden_dir.kernel_body(typed_body("int32", "for (int i = 0; i < 8; ++i) out[i] = -1;"))
    assert run_case(golden_dir.path).passed


def test_results_of_uninitialised_memory_are_written(golden_dir: GoldenDir) -> None:
    """A NaN keeps its bits through an addition, so that the sum looks like fresh memory."""
    golden_dir.orchestration_body(
        """\
        task[0] = reinterpret_cast<uint64_t>(api.device_malloc(args[2]));
        runtime->add_task(task, 3, 0, CoreType::AIV);
        runtime->record_tensor_pair(host_y, y, args[3]);
        return 0;"""
    )
    golden_dir.kernel_body("for (int i = 0; i < 8; ++i) y[i] = x[i] + 1;")
    result = run_case(golden_dir.path)
    assert not result.passed
    assert result.unwritten == ()


def test_a_bool_output_is_found_too(golden_dir: GoldenDir) -> None:
    golden_dir.golden(GOLDEN.format(initial=0, dtype="bool", expected=0))
    golden_dir.kernel_body("(void)y;")
    [unwritten] = run_case(golden_dir.path).unwritten
    assert unwritten.count == 8


def test_all_that_was_not_copied_back_counts_where_some_of_it_does_not_match(
    golden_dir: GoldenDir,
) -> None:
    golden_dir.golden(GOLDEN.format(initial=0, dtype="int32", expected="[1, 1, 1, 50] * 2"))
    golden_dir.extend_golden("ATOL = 2")
    golden_dir.orchestration_body("runtime->add_task(task, 3, 0, CoreType::AIV);\nreturn 0;")
    result = run_case(golden_dir.path)
    (diff,) = result.diffs
    assert diff.size - diff.matched == 2
    [unwritten] = result.unwritten
    assert (unwritten.what, unwritten.count, unwritten.first) == ("copied back", 8, (0, 0))


@pytest.mark.parametrize(
    ("dtype", "expected"), [("int32", -1), ("uint8", 255), ("float32", "np.nan"), ("int8", -1)]
)
def test_unwritten_elements_that_match_by_chance(
    golden_dir: GoldenDir, dtype: str, expected: object
) -> None:
    golden_dir.golden(GOLDEN.format(initial=0, dtype=dtype, expected=f"[5, {expected}] * 4"))
    golden_dir.kernel_body(typed_body(dtype, "for (int i = 0; i < 8; i += 2) out[i] = 5;"))
    result = run_case(golden_dir.path)
    assert not result.passed
    assert all(diff.passed for diff in result.diffs)
    [unwritten] = result.unwritten
    assert (unwritten.what, unwritten.count, unwritten.first) == ("written", 4, (0, 1))
    with pytest.raises(UnwrittenOutput, match="They match by chance"):
        result.check()


@pytest.mark.parametrize(("dtype", "value"), [("int32", -1), ("uint8", 255), ("int64", -1)])
def test_written_values_that_look_like_poison(
    golden_dir: GoldenDir, dtype: str, value: int
) -> None:
    golden_dir.golden(GOLDEN.format(initial=0, dtype=dtype, expected=value))
    golden_dir.kernel_body(typed_body(dtype, f"for (int i = 0; i < 8; ++i) out[i] = {value};"))
    assert run_case(golden_dir.path).passed


_HALF = "runtime->record_tensor_pair(host_y, y, args[3] / 2);\n"
_OTHER_HALF = (
    "runtime->record_tensor_pair("
    "static_cast<char*>(host_y) + 16, static_cast<char*>(y) + 16, 16);\n"
)
_HALF_IS_EXPECTED = """
def compute_golden(tensors, params):
    tensors["out_y"][:4] = 2 * tensors["x"][:4]
"""


def copying_back(golden_dir: GoldenDir, pairs: str) -> None:
    golden_dir.orchestration_body(
        f"runtime->add_task(task, 3, 0, CoreType::AIV);\n{pairs}return 0;"
    )


def test_a_range_that_is_copied_twice_in_place_of_another(
    golden_dir: GoldenDir,
) -> None:
    copying_back(golden_dir, _HALF + _HALF)
    golden_dir.extend_golden(_HALF_IS_EXPECTED)
    result = run_case(golden_dir.path)
    assert not result.passed
    assert all(diff.passed for diff in result.diffs)
    [unwritten] = result.unwritten
    assert (unwritten.what, unwritten.count, unwritten.first) == ("copied back", 4, (4,))
    assert unwritten.twice == 16
    with pytest.raises(
        UnwrittenOutput,
        match=r"output 'out_y': 4 of 8 elements were never copied back; the first is out_y\[4\]\n"
        r"  record_tensor_pair does not cover them, and others, 16 bytes, twice: the wrong "
        r"addresses\?\n  They match by chance: what is expected is what generate_inputs put",
    ):
        result.check()


def test_a_part_that_is_left_out_is_a_finding(golden_dir: GoldenDir) -> None:
    copying_back(golden_dir, _HALF)
    golden_dir.extend_golden(_HALF_IS_EXPECTED)
    result = run_case(golden_dir.path)
    assert result.passed
    assert any("16 of 32 bytes are covered by record_tensor_pair" in f for f in result.findings)


@pytest.mark.parametrize("again", [_HALF, _OTHER_HALF])
def test_a_range_that_is_copied_twice_and_all_others(golden_dir: GoldenDir, again: str) -> None:
    copying_back(golden_dir, _HALF + _OTHER_HALF + again)
    result = run_case(golden_dir.path)
    assert result.passed
    assert result.findings == ()


def test_elements_that_are_left_out_need_not_be_copied_back(golden_dir: GoldenDir) -> None:
    copying_back(golden_dir, _HALF + _HALF)
    golden_dir.extend_golden(_HALF_IS_EXPECTED)
    golden_dir.extend_golden(
        """
        def compare_outputs(actual, expected, params):
            return {"out_y": slice(0, 4)}
        """
    )
    assert run_case(golden_dir.path).passed
