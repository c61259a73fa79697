from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from pytest_a2a3sim.loading.tensors import as_tensor

BASE = np.arange(24, dtype=np.float32).reshape(4, 6)
READ_ONLY = BASE.copy()
READ_ONLY.flags.writeable = False


@pytest.mark.parametrize(
    "array",
    [
        pytest.param(BASE, id="contiguous"),
        pytest.param(BASE[::2, 1::2], id="strided"),
        pytest.param(BASE.T, id="transposed"),
        pytest.param(np.asfortranarray(BASE), id="fortran"),
        pytest.param(BASE[::-1], id="reversed"),
        pytest.param(np.broadcast_to(BASE[0], (3, 6)), id="broadcast"),
        pytest.param(READ_ONLY, id="read-only"),
        pytest.param(np.array(2.5), id="0-d"),
        pytest.param(np.zeros((3, 0), np.int64), id="zero-size"),
        pytest.param(np.array([True, False]), id="bool"),
        pytest.param(np.arange(3, dtype=np.uint64), id="uint64"),
        pytest.param(np.arange(3).astype(ml_dtypes.bfloat16), id="bfloat16"),
        pytest.param(np.arange(3).astype(ml_dtypes.float8_e4m3fn), id="float8"),
        pytest.param(np.array(2, dtype=ml_dtypes.bfloat16), id="0-d-bfloat16"),
    ],
)
def test_round_trip(array: Any) -> None:
    tensor = as_tensor("t", array)
    raw = tensor.raw()
    assert raw.dtype == np.uint8
    assert raw.shape == (array.nbytes,)
    assert raw.tobytes() == array.tobytes(order="C")
    revived = tensor.revive(raw)
    assert (revived.dtype, revived.shape) == (array.dtype, array.shape)
    assert revived.tobytes() == array.tobytes(order="C")
    np.testing.assert_array_equal(tensor.numbers(raw), array.astype(tensor.numbers(raw).dtype))
    copy = tensor.copy()
    assert (copy.dtype, copy.shape) == (array.dtype, array.shape)
    assert copy.flags.writeable
    assert not np.shares_memory(copy, array)


def test_fortran_order_is_kept_for_the_author() -> None:
    assert as_tensor("t", np.asfortranarray(BASE)).copy().flags.f_contiguous


def test_torch() -> None:
    torch = pytest.importorskip("torch")
    for value in (
        torch.arange(6, dtype=torch.float32).reshape(2, 3),
        torch.arange(6, dtype=torch.bfloat16).reshape(2, 3).T,
        torch.tensor(1.5, dtype=torch.float16, requires_grad=True),
        torch.zeros(0, dtype=torch.int64),
        torch.arange(3).to(torch.float8_e4m3fn),
    ):
        tensor = as_tensor("t", value)
        revived = tensor.revive(tensor.raw())
        assert isinstance(revived, torch.Tensor)
        assert isinstance(tensor.copy(), torch.Tensor)
        assert (revived.dtype, revived.shape) == (value.dtype, value.shape)
        assert torch.equal(revived.float(), value.detach().float())
        assert tensor.numbers(tensor.raw()).shape == tuple(value.shape)
