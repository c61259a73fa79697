"""A failed case -> a directory with everything that is needed to look at it and run it again."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_a2a3sim.model.tensor import STANDARD_DTYPES, dtype_name, raw_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    from pytest_a2a3sim.model.case import CaseInputs
    from pytest_a2a3sim.model.record import CaseRecord
    from pytest_a2a3sim.model.result import CaseResult

_LONGEST_NAME = 80

_REPRODUCE = '''\
"""Runs this case again: python {name} (or: {command})."""

import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
GOLDEN = Path({golden!r})
CASE = {case!r}
OPTIONS = {options!r}
DTYPES = {dtypes!r}


def load(part, name):
    """A saved tensor, such as load("actual", "out"); bfloat16 and float8 need ml_dtypes."""
    array = np.load(HERE / part / f"{{name}}.npy")
    dtype = DTYPES.get(f"{{part}}/{{name}}")
    if dtype is None:
        return array
    import ml_dtypes

    return array.view(getattr(ml_dtypes, dtype))


if __name__ == "__main__":
    import pytest

    sys.exit(pytest.main([f"{{GOLDEN}}::{{CASE}}", "-v", *OPTIONS, *sys.argv[1:]]))
'''


def save(
    directory: Path,
    record: CaseRecord,
    golden: Path,
    inputs: CaseInputs | None,
    result: CaseResult | None,
) -> Path:
    """Writes the artifacts of one failed case.

    Args:
        directory: of ``--sim-artifacts``.
        record: the case's.
        golden: golden.py, absolute.
        inputs: None where generate_inputs did not return.
        result: None where the case did not run to its end.

    Returns:
        The case's own directory, whose name no other case has.

    Raises:
        OSError: it cannot be written.
    """
    target = directory / directory_name(record["nodeid"])
    target.mkdir(parents=True, exist_ok=True)
    dtypes = {}
    parts: dict[str, Mapping[str, Any]] = {}
    if inputs is not None:
        parts["inputs"] = {name: tensor.original for name, tensor in inputs.tensors.items()}
    if result is not None:
        parts |= {"actual": result.actual, "expected": result.expected}
        np.save(target / "timeline.npy", result.timeline)
        np.savez_compressed(
            target / "graph.npz",
            func_ids=result.recording.func_ids,
            first_successor=result.recording.first_successor,
            successors=result.recording.successors,
        )
    for part, arrays in parts.items():
        (target / part).mkdir(exist_ok=True)
        for name, array in arrays.items():
            np.save(target / part / f"{clean(name)}.npy", storable(array))
            if dtype_name(array) not in STANDARD_DTYPES:
                dtypes[f"{part}/{name}"] = dtype_name(array)
    if record["failure"] is not None:
        (target / "report.txt").write_text(f"{record['failure']['message']}\n", encoding="utf-8")
    (target / "record.json").write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    sanitizer = record["sanitizer"]
    options = [] if sanitizer is None else [f"--sim-sanitize={','.join(sanitizer['checks'])}"]
    (target / "reproduce.py").write_text(
        _REPRODUCE.format(
            name="reproduce.py",
            command=" ".join(["pytest", f"'{golden}::{record['case']}'", *options]),
            golden=str(golden),
            case=record["case"],
            options=options,
            dtypes=dtypes,
        ),
        encoding="utf-8",
    )
    return target


def storable(array: Any) -> npt.NDArray[Any]:
    """The array as .npy can hold it: what NumPy lacks becomes unsigned ints of its size."""
    stored = dtype_name(array)
    if stored not in STANDARD_DTYPES:
        stored = f"uint{8 * int(array.dtype.itemsize)}"
    return raw_bytes(array).view(stored).reshape(tuple(array.shape))


def directory_name(nodeid: str) -> str:
    """A name that is readable, valid on any file system, and the node id's alone."""
    digest = hashlib.sha256(nodeid.encode()).hexdigest()[:8]
    readable = clean(nodeid.replace("/golden.py::", "-").replace("golden.py::", ""))
    return f"{readable[-_LONGEST_NAME:].lstrip('.-')}-{digest}"


def clean(text: str) -> str:
    """A part of a file's name that any file system takes."""
    return re.sub(r"[^\w.=+-]+", "_", text, flags=re.ASCII)
