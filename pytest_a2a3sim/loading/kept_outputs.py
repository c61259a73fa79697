"""``data/out/NAME.pt``: expected outputs that PyPTO keeps beside the golden.py that it writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.errors import GoldenError
from pytest_a2a3sim.model.tensor import dtype_name, is_torch_tensor, raw_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.model.case import CaseInputs
    from pytest_a2a3sim.model.spec import GoldenSpec
    from pytest_a2a3sim.model.tensor import Bytes, Tensor


def kept_outputs(golden: GoldenSpec, inputs: CaseInputs) -> Mapping[str, Bytes] | None:
    """Bytes of every output as its file has it; None where one of them has no file.

    Raises:
        GoldenError: a file does not hold the output's values.
    """
    files = {name: kept_file(golden, name) for name in inputs.outputs}
    if not all(file.is_file() for file in files.values()):
        return None
    return {name: _read(file, inputs.tensors[name]) for name, file in files.items()}


def kept_file(golden: GoldenSpec, name: str) -> Path:
    """Where an output would be kept; PyPTO can be told to keep its data elsewhere."""
    data = getattr(golden.module, "_DATA_DIR", None)
    directory = data if isinstance(data, Path) else golden.path.parent / "data"
    return directory / "out" / f"{name}.pt"


def _read(file: Path, tensor: Tensor) -> Bytes:
    try:
        import torch  # noqa: PLC0415 - torch is optional
    except ImportError:
        raise GoldenError(
            f"expected outputs cannot be read without torch: {file}\nInstall it: pip install torch."
        ) from None
    try:
        value: Any = torch.load(file, weights_only=True)
    except Exception as error:  # noqa: BLE001 - torch has no one class of its own
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise GoldenError(f"an expected output cannot be read: {first}\n  in {file}") from None
    wanted = f"{tensor.dtype} of shape {tensor.shape}"
    if not is_torch_tensor(value):
        raise GoldenError(
            f"an expected output must be a torch tensor, {wanted}; got {type(value).__name__}\n"
            f"  in {file}"
        )
    found = f"{dtype_name(value)} of shape {tuple(value.shape)}"
    if found != wanted:
        raise GoldenError(
            f"an expected output must be what generate_inputs makes: {wanted}; got {found}\n"
            f"  in {file}\nHave PyPTO write the directory anew, data included."
        )
    return raw_bytes(value)
