"""What reports say of a baseline: an earlier report, with which cases are compared."""

from __future__ import annotations

from typing import TypedDict


class RegressionRecord(TypedDict):
    """What has become worse since the baseline."""

    what: str
    tensor: str | None
    before: float | str
    now: float | str


class TensorBaselineRecord(TypedDict):
    """An output of the baseline."""

    shape: list[int]
    dtype: str
    max_abs_error: float
    max_rel_error: float


class BaselineRecord(TypedDict):
    """A case of the baseline."""

    tensors: dict[str, TensorBaselineRecord]
    critical_tasks: int | None
