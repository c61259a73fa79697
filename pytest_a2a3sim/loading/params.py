"""Entries of PARAMS_LIST: params, or params in a ``pytest.param``."""

from __future__ import annotations

from typing import Any

from pytest_a2a3sim.model.frozen import frozen


@frozen
class Entry:
    """An entry: what generate_inputs gets, the marks of its case, and the id that it has."""

    params: Any
    marks: tuple[Any, ...] = ()
    id: str | None = None

    @property
    def named(self) -> dict[str, Any]:
        """The params as the case's name is made from them."""
        return dict(self.params) if self.id is None else {**self.params, "name": self.id}


def unwrapped(entry: Any) -> Entry:
    """Takes apart ``pytest.param(params, marks=..., id=...)``, without pytest."""
    if getattr(entry, "_fields", ()) != ("values", "marks", "id"):
        return Entry(entry)
    values, marks, name = entry
    params = values[0] if len(values) == 1 else values
    return Entry(params, tuple(marks), name if isinstance(name, str) else None)
