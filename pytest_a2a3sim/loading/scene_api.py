"""What scene tests are made with, where the PTO runtime's ``simpler_setup`` is not installed."""

from __future__ import annotations

import copy
import enum
import sys
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from pytest_a2a3sim.model.tensor import is_array, is_torch_tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "Scalar",
    "SceneTestCase",
    "SceneTestLevel",
    "TaskArgsBuilder",
    "TensorArg",
    "scene_level",
    "scene_test",
]

_Decorated = TypeVar("_Decorated", bound=type)


class SceneTestLevel(enum.IntEnum):
    """How much of a machine a scene is about."""

    CHIP = 2
    NODE = 3
    NETWORK1 = 4


class TensorArg(NamedTuple):
    """An array and its name."""

    name: str
    value: Any


class Scalar(NamedTuple):
    """A ctypes scalar and its name."""

    name: str
    value: Any


class TaskArgsBuilder:
    """Arguments of an orchestration: tensors, then scalars, each an attribute by its name."""

    def __init__(self, *specs: TensorArg | Scalar) -> None:
        self.specs: list[TensorArg | Scalar] = []
        for spec in specs:
            self._add(spec)

    def add_tensor(self, name: str, value: Any) -> None:
        """Adds an array.

        Raises:
            ValueError: the name is taken, or a scalar is there already.
        """
        self._add(TensorArg(name, value))

    def add_scalar(self, name: str, value: Any) -> None:
        """Adds a ctypes scalar.

        Raises:
            ValueError: the name is taken.
        """
        self._add(Scalar(name, value))

    def tensor_names(self) -> list[str]:
        """Names of the arrays, in order."""
        return [spec.name for spec in self.specs if isinstance(spec, TensorArg)]

    def clone(self) -> TaskArgsBuilder:
        """The same with arrays and scalars of its own."""

        def own(value: Any) -> Any:
            if not is_array(value):
                return copy.copy(value)
            return value.clone() if hasattr(value, "clone") else value.copy()

        return TaskArgsBuilder(*(spec._replace(value=own(spec.value)) for spec in self.specs))

    def _add(self, spec: TensorArg | Scalar) -> None:
        if hasattr(self, spec.name):
            raise ValueError(f"an argument cannot be called {spec.name!r}: the name is taken")
        last = self.specs[-1] if self.specs else None
        if isinstance(spec, TensorArg) and isinstance(last, Scalar):
            raise ValueError(  # noqa: TRY004 - it is the order that is wrong
                f"tensor {spec.name!r} must come before the scalar {last.name!r}"
            )
        self.specs.append(spec)
        setattr(self, spec.name, spec.value)


class SceneTestCase:
    """A scene: what is compiled, the cases, and what is expected of them."""

    CALLABLE: dict[str, Any] = {}  # noqa: RUF012 - subclasses replace it, as authors know it
    CASES: list[dict[str, Any]] = []  # noqa: RUF012 - as above
    RTOL: float = 1e-5
    ATOL: float = 1e-5
    SKIP_GOLDEN: bool = False
    RUNTIME_ENV: dict[str, Any] = {}  # noqa: RUF012 - as above

    def generate_args(self, params: Any) -> TaskArgsBuilder:
        """The arguments, outputs included."""
        raise NotImplementedError(f"{type(self).__name__} defines no generate_args")

    def compute_golden(self, args: Any, params: Any) -> None:
        """Writes what is expected into copies of the outputs."""
        raise NotImplementedError(f"{type(self).__name__} defines no compute_golden")

    def compare_outputs(
        self, test_args: Any, golden_args: Any, output_names: Iterable[str], params: Any
    ) -> None:
        """Compares outputs.

        Raises:
            AssertionError: one does not match.
        """
        del params
        _compare_outputs(test_args, golden_args, output_names, self.RTOL, self.ATOL)

    @staticmethod
    def run_module(name: str) -> None:
        """Runs a file as a program, which is the PTO runtime's own business."""
        raise SystemExit(f"run it with pytest: {name} is a scene test")


def scene_level(level: int) -> Callable[[_Decorated], _Decorated]:
    """Says which level something is about."""

    def decorated(scene: _Decorated) -> _Decorated:
        made: Any = scene
        made._st_level = SceneTestLevel(level)  # noqa: SLF001 - as the PTO runtime has it
        return scene

    return decorated


def scene_test(level: int, runtime: str) -> Callable[[_Decorated], _Decorated]:
    """Makes a class a scene."""

    def decorated(scene: _Decorated) -> _Decorated:
        made: Any = scene
        made._st_runtime = runtime  # noqa: SLF001 - as the PTO runtime has it
        return scene_level(level)(scene)

    return decorated


def _compare_outputs(
    test_args: Any, golden_args: Any, output_names: Iterable[str], rtol: float, atol: float
) -> None:
    for name in output_names:
        actual, expected = getattr(test_args, name), getattr(golden_args, name)
        library: Any = sys.modules["torch"] if is_torch_tensor(actual) else np
        if not library.allclose(actual, expected, rtol=rtol, atol=atol):
            largest = float(abs(actual - expected).max())
            raise AssertionError(f"{name} is off by up to {largest:g} (rtol={rtol}, atol={atol})")
