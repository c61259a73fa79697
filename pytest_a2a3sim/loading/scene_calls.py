"""The methods of a scene test, as the functions of a golden.py."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.errors import GoldenError
from pytest_a2a3sim.model.tensor import is_array

if TYPE_CHECKING:
    from collections.abc import Mapping

_BASE = "SceneTestCase"


def overridden(scene: type, name: str) -> bool:
    """Whether a class has a method of its own in place of that of the base of all scenes."""
    definer = next((each for each in scene.__mro__ if name in vars(each)), None)
    return definer is not None and definer.__name__ != _BASE


def _value(given: Any) -> Any:
    """An array or a ctypes scalar as it is; of numbers, ints have 64 bits, and floats 32."""
    if isinstance(given, float):
        return ctypes.c_float(given)
    return ctypes.c_int64(given) if isinstance(given, int) else given


class SceneCalls:
    """Of one case; they are called in the order in which they stand here."""

    def __init__(self, scene: Any, *, skips: bool) -> None:
        """Calls nothing.

        Args:
            scene: an instance of the class.
            skips: it has no expected outputs: a run that ends well passes.
        """
        self._scene = scene
        self._skips = skips
        self._made: Any = None

    def generate_inputs(self, params: dict[str, Any]) -> list[tuple[str, Any]]:
        """What generate_args returns, as names and values."""
        self._made = self._scene.generate_args(params)
        specs = getattr(self._made, "specs", None)
        if not isinstance(specs, list):
            raise GoldenError(
                f"generate_args of {type(self._scene).__name__} must return a TaskArgsBuilder; got "
                f"{self._made!r}"
            )
        return [(spec.name, _value(spec.value)) for spec in specs]

    def compute_golden(self, tensors: dict[str, Any], params: dict[str, Any]) -> None:
        """Has the scene write what it expects; a new array in an attribute's place counts, too."""
        if self._skips:
            return
        args = self._args(tensors)
        self._scene.compute_golden(args, params)
        for name, tensor in tensors.items():
            left = getattr(args, name)
            if left is not tensor:
                tensor[...] = left

    def compare_outputs(
        self, actual: dict[str, Any], expected: dict[str, Any], params: dict[str, Any]
    ) -> None:
        """Has the scene compare by itself.

        Raises:
            AssertionError: outputs do not match.
        """
        if self._skips:
            return
        names = list(actual)
        self._scene.compare_outputs(self._args(actual), self._args(expected), names, params)

    def _args(self, tensors: Mapping[str, Any]) -> Any:
        """Arguments with these arrays; other ones are as generate_args made them."""
        made = self._made
        return type(made)(
            *(
                spec._replace(value=tensors.get(spec.name, spec.value))
                if is_array(spec.value)
                else spec
                for spec in made.specs
            )
        )
