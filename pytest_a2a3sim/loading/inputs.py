"""generate_inputs -> a case's tensors and arguments."""

from __future__ import annotations

import copy
import ctypes
import struct
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.loading.tensors import as_tensor, describe
from pytest_a2a3sim.loading.tolerances import check_budgets
from pytest_a2a3sim.loading.user_code import user_code
from pytest_a2a3sim.model.case import CaseInputs, Pointer, Scalar
from pytest_a2a3sim.model.errors import GoldenError
from pytest_a2a3sim.model.tensor import Tensor, is_array

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec

_UINT64_MASK = (1 << 64) - 1


def make_inputs(golden: GoldenSpec, case: CaseSpec) -> CaseInputs:
    """Calls generate_inputs and lays its result out as the orchestration's arguments.

    Raises:
        GoldenError: generate_inputs raised, or returned something that has no meaning.
    """
    with user_code(golden.path, f"generate_inputs failed for case {case.name!r}"):
        made = golden.generate_inputs(own_copy(case.params))
    try:
        return _lay_out(golden, made)
    except GoldenError as error:
        raise GoldenError(
            f"{golden.path.name}: {'generate_args' if golden.scene else 'generate_inputs'}, case "
            f"{case.name!r}: {error.message}\n  in {golden.path}"
        ) from None


def own_copy(params: Mapping[str, Any]) -> dict[str, Any]:
    """A deep copy of params; what cannot be copied, such as a lock or a module, is shared."""
    try:
        return copy.deepcopy(dict(params))
    except Exception:  # noqa: BLE001 - anything may happen in an author's __deepcopy__
        copied: dict[str, Any] = _copy_of_what_can_be(dict(params), {})
        return copied


def _copy_of_what_can_be(value: Any, memo: dict[int, Any]) -> Any:
    if id(value) in memo:
        return memo[id(value)]
    if type(value) is dict:
        made = memo[id(value)] = {}
        made.update((key, _copy_of_what_can_be(element, memo)) for key, element in value.items())
        return made
    if type(value) is list:
        elements = memo[id(value)] = []
        elements += [_copy_of_what_can_be(element, memo) for element in value]
        return elements
    if type(value) is tuple:
        return tuple(_copy_of_what_can_be(element, memo) for element in value)
    seen = dict(memo)  # a copy that fails half-way leaves incomplete objects behind
    try:
        copied = copy.deepcopy(value, seen)
    except Exception:  # noqa: BLE001 - as above
        memo[id(value)] = value
        return value
    memo.update(seen)
    return copied


def _lay_out(golden: GoldenSpec, made: object) -> CaseInputs:
    if isinstance(made, dict):
        tensors, arguments = _from_dict(made, golden.tensor_order)
    elif isinstance(made, (list, tuple)):
        tensors, arguments = _from_list(made)
    else:
        raise GoldenError(
            "it must return a dict name -> array or a list of (name, value) pairs, "
            f"got {describe(made)}"
        )
    outputs = _output_names(golden, tensors, arguments)
    check_budgets(golden.tolerances, tensors)
    if unknown := [name for name in golden.order_dependent if name not in outputs]:
        raise GoldenError(
            f"ORDER_DEPENDENT names {_quoted(unknown)}, which is not among the outputs: "
            f"{_quoted(outputs)}"
        )
    return CaseInputs(tensors, arguments, outputs, golden.order_dependent)


def _from_dict(
    made: dict[Any, Any], tensor_order: tuple[str, ...] | None
) -> tuple[dict[str, Tensor], tuple[Pointer | Scalar, ...]]:
    tensors = {}
    for name, value in made.items():
        if not isinstance(name, str):
            raise GoldenError(f"tensor names must be strings, got {name!r}")
        tensors[name] = as_tensor(name, value)
    order = tuple(tensors) if tensor_order is None else tensor_order
    unknown = [name for name in order if name not in tensors]
    if unknown:
        raise GoldenError(
            f"TENSOR_ORDER names {_quoted(unknown)}, which is not among the tensors: "
            f"{_quoted(tensors)}"
        )
    ordered = [tensors[name] for name in order]
    count = ordered[0].size if ordered else 0
    pointers = [Pointer(name) for name in order]
    scalars = [Scalar(value) for value in (*(tensor.nbytes for tensor in ordered), count)]
    return tensors, (*pointers, *scalars)


def _from_list(
    made: list[Any] | tuple[Any, ...],
) -> tuple[dict[str, Tensor], tuple[Pointer | Scalar, ...]]:
    tensors: dict[str, Tensor] = {}
    arguments: list[Pointer | Scalar] = []
    seen: set[str] = set()
    for index, pair in enumerate(made):
        if not (isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str)):  # noqa: PLR2004 - a pair
            raise GoldenError(f"entry {index} must be a (name, value) pair, got {describe(pair)}")
        name, value = pair
        if name in seen:
            raise GoldenError(f"entry {index}: the name {name!r} is used twice")
        seen.add(name)
        if isinstance(value, ctypes._SimpleCData):  # noqa: SLF001 - the base of ctypes scalars
            arguments.append(Scalar(_scalar_bits(name, value)))
        elif is_array(value):
            tensors[name] = as_tensor(name, value)
            arguments.append(Pointer(name))
        else:
            raise GoldenError(
                f"entry {index} ({name!r}) must be an array or a ctypes scalar, such as "
                f"ctypes.c_int64(n) or ctypes.c_float(x); got {describe(value)}"
            )
    return tensors, tuple(arguments)


def _scalar_bits(name: str, scalar: ctypes._SimpleCData[Any]) -> int:
    if isinstance(scalar, ctypes.c_float):
        return int.from_bytes(struct.pack("=f", scalar.value), "little")
    if isinstance(scalar, ctypes.c_double):
        return int.from_bytes(struct.pack("=d", scalar.value), "little")
    value = scalar.value
    if value is None:  # c_void_p(None)
        return 0
    try:
        return (ord(value) if isinstance(value, (bytes, str)) else int(value)) & _UINT64_MASK
    except TypeError:
        raise GoldenError(
            f"scalar {name!r} of type {type(scalar).__name__} does not fit a 64-bit argument"
        ) from None


def _output_names(
    golden: GoldenSpec, tensors: Mapping[str, Tensor], arguments: Sequence[Pointer | Scalar]
) -> tuple[str, ...]:
    if golden.outputs is None:
        names = tuple(name for name in tensors if name.startswith("out_"))
        by_signature = _outputs_by_signature(golden.config.orchestration.signature, arguments)
        names = by_signature if golden.scene else names or by_signature
        if not names:
            if golden.scene:
                raise GoldenError(
                    'there is no output: CALLABLE["orchestration"]["signature"] calls none of '
                    f"{_quoted(tensors)} OUT or INOUT"
                )
            raise GoldenError(
                "there is no output: no tensor's name starts with 'out_'; name the outputs in "
                f"__outputs__, among {_quoted(tensors)}"
            )
        return names
    unknown = [name for name in golden.outputs if name not in tensors]
    if unknown:
        raise GoldenError(
            f"__outputs__ names {_quoted(unknown)}, which is not among the tensors: "
            f"{_quoted(tensors)}"
        )
    if not golden.outputs:
        raise GoldenError(f"__outputs__ is empty; name at least one of {_quoted(tensors)}")
    return tuple(dict.fromkeys(golden.outputs))


def _outputs_by_signature(
    signature: Sequence[str], arguments: Sequence[Pointer | Scalar]
) -> tuple[str, ...]:
    """Tensors that the orchestration's signature calls OUT or INOUT; it may leave out scalars."""
    if "SCALAR" not in signature:
        arguments = [argument for argument in arguments if isinstance(argument, Pointer)]
    return tuple(
        argument.tensor
        for argument, direction in zip(arguments, signature, strict=False)
        if isinstance(argument, Pointer) and direction in {"OUT", "INOUT"}
    )


def _quoted(names: object) -> str:
    return ", ".join(repr(name) for name in names)  # type: ignore[attr-defined]
