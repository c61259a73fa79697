"""What a golden.py does not say about the comparison, and what holds instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_a2a3sim.model.case import CaseInputs
    from pytest_a2a3sim.model.spec import GoldenSpec


def defaults_of(golden: GoldenSpec, inputs: CaseInputs) -> tuple[str, ...]:
    """One text a name that golden.py leaves out, such as ``RTOL of out_y (float16): 0.000977``."""
    found = []
    for name in inputs.outputs:
        dtype = inputs.tensors[name].dtype
        tolerance = golden.tolerances.of(name, dtype)
        values = {"RTOL": tolerance.rtol, "ATOL": tolerance.atol}
        found += [
            f"{label} of {name} ({dtype}): {values[label]:.3g}"
            for label in golden.tolerances.left_out(name)
        ]
    if golden.outputs is None:
        found.append(f"__outputs__: {', '.join(inputs.outputs)}")
    return tuple(found)
