from __future__ import annotations

import ctypes
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pytest_a2a3sim.loading.expected import compute_expected
from pytest_a2a3sim.loading.inputs import make_inputs
from pytest_a2a3sim.model.case import Pointer, Scalar
from pytest_a2a3sim.model.errors import GoldenError
from pytest_a2a3sim.model.spec import (
    CaseSpec,
    CompileSpec,
    GoldenSpec,
    KernelConfig,
    OrchestrationSpec,
    RuntimeConfig,
)

CASE = CaseSpec("case", {})
A = np.arange(6, dtype=np.float32).reshape(2, 3)
OUT = np.zeros(4, dtype=np.int16)


def golden(made: Any, compute: Any = lambda tensors, params: None, **names: Any) -> GoldenSpec:
    config = KernelConfig(
        Path("kernel_config.py"),
        (),
        OrchestrationSpec("build", CompileSpec(Path("o.cpp"))),
        RuntimeConfig(),
    )
    return GoldenSpec(
        path=Path("golden.py"),
        module=SimpleNamespace(),
        generate_inputs=lambda params: made,
        compute_golden=compute,
        cases=(CASE,),
        config=config,
        **names,
    )


def test_dict_shape() -> None:
    inputs = make_inputs(golden({"a": A, "out_b": OUT}), CASE)
    assert inputs.arguments == (Pointer("a"), Pointer("out_b"), Scalar(24), Scalar(8), Scalar(6))
    assert inputs.outputs == ("out_b",)


def test_tensor_order_chooses_and_orders() -> None:
    spec = golden({"a": A, "unused": A, "b": OUT}, tensor_order=("b", "a"), outputs=("b",))
    assert make_inputs(spec, CASE).arguments == (
        Pointer("b"),
        Pointer("a"),
        Scalar(8),
        Scalar(24),
        Scalar(4),
    )


def test_list_shape_and_scalars() -> None:
    made = [
        ("a", A),
        ("n", ctypes.c_int64(-2)),
        ("small", ctypes.c_int8(-1)),
        ("u", ctypes.c_uint32(7)),
        ("flag", ctypes.c_bool(1)),
        ("x", ctypes.c_float(1.0)),
        ("y", ctypes.c_double(1.0)),
        ("p", ctypes.c_void_p(None)),
        ("c", ctypes.c_char(b"A")),
        ("out_b", OUT),
    ]
    assert make_inputs(golden(made), CASE).arguments == (
        Pointer("a"),
        Scalar(2**64 - 2),
        Scalar(2**64 - 1),
        Scalar(7),
        Scalar(1),
        Scalar(0x3F800000),
        Scalar(0x3FF0000000000000),
        Scalar(0),
        Scalar(65),
        Pointer("out_b"),
    )


def test_compute_golden_gets_tensors_only_and_copies() -> None:
    seen = {}

    def compute(tensors: dict[str, Any], params: dict[str, Any]) -> None:
        seen.update(tensors)
        tensors["a"][:] = -1
        tensors["out_b"][:] = 5

    spec = golden([("a", A), ("n", ctypes.c_int64(1)), ("out_b", OUT)], compute)
    inputs = make_inputs(spec, CASE)
    expected = compute_expected(spec, CASE, inputs)
    assert set(seen) == {"a", "out_b"}
    assert A[0, 1] == 1
    assert OUT[0] == 0
    assert expected.raw["out_b"].view(np.int16).tolist() == [5, 5, 5, 5]
    assert expected.untouched == ()


def test_untouched_output_is_known() -> None:
    spec = golden({"out_b": OUT, "out_c": np.zeros(0)})
    assert compute_expected(spec, CASE, make_inputs(spec, CASE)).untouched == ("out_b",)


def test_replaced_output_is_an_error() -> None:
    def compute(tensors: dict[str, Any], params: dict[str, Any]) -> None:
        tensors["out_b"] = tensors["out_b"] + 1

    spec = golden({"out_b": OUT}, compute)
    with pytest.raises(GoldenError, match=r"tensors\['out_b'\] was replaced\n  write into it"):
        compute_expected(spec, CASE, make_inputs(spec, CASE))


@pytest.mark.parametrize(
    ("made", "names", "message"),
    [
        (None, {}, r"must return a dict name -> array or a list .*, got None \(NoneType\)"),
        ({"a": A}, {}, r"there is no output: no tensor's name starts with 'out_'"),
        ({"out_a": [1, 2]}, {}, r"tensor 'out_a' must be a NumPy array or a CPU torch tensor"),
        ({"out_a": np.float32(1)}, {}, r"np.asarray makes a 0-d array of it"),
        ({"out_a": np.array([None])}, {}, r"tensor 'out_a' has dtype object"),
        ({"out_a": np.zeros(2, complex)}, {}, r"has dtype complex128, which the device does not"),
        ({"out_a": np.zeros(2, ">f4")}, {}, r"byte order is not the machine's"),
        ({3: A}, {}, r"tensor names must be strings, got 3"),
        ({"a": A}, {"outputs": ("b",)}, r"__outputs__ names 'b', which is not among .*: 'a'"),
        ({"a": A}, {"outputs": ()}, r"__outputs__ is empty; name at least one of 'a'"),
        (
            {"out_a": A},
            {"tensor_order": ("b",)},
            r"TENSOR_ORDER names 'b', which is not among the tensors: 'out_a'",
        ),
        ([A], {}, r"entry 0 must be a \(name, value\) pair, got float32 array of shape \(2, 3\)"),
        ([("out_a", A), ("n", 3)], {}, r"entry 1 \('n'\) must be an array or a ctypes scalar"),
        ([("out_a", A), ("out_a", A)], {}, r"entry 1: the name 'out_a' is used twice"),
    ],
)
def test_bad_inputs(made: Any, names: dict[str, Any], message: str) -> None:
    with pytest.raises(GoldenError) as caught:
        make_inputs(golden(made, **names), CASE)
    assert re.search(message, caught.value.message)
    assert "generate_inputs, case 'case'" in str(caught.value)


def test_exception_in_generate_inputs() -> None:
    spec = golden({})
    object.__setattr__(spec, "generate_inputs", lambda params: params["missing"])
    with pytest.raises(
        GoldenError, match=r"generate_inputs failed for case 'case': KeyError: 'missing'"
    ):
        make_inputs(spec, CASE)
