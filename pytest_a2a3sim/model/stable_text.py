"""Values of params in words that are the same in every process."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_ADDRESS = re.compile(r"0x[0-9a-f]{6,}", re.IGNORECASE)


def stable_text(value: object) -> str:
    """What ``str`` gives, without what differs from process to process."""
    if isinstance(value, str):
        return value
    name = getattr(value, "__name__", None)
    return name if isinstance(name, str) else _shown(value, str)


def _shown(value: object, show: Callable[[object], str] = repr) -> str:
    """What ``repr`` gives; sets are sorted, and an object whose text has an address is its type."""
    if isinstance(value, dict):
        items = (f"{_shown(key)}: {_shown(element)}" for key, element in value.items())
        return f"{{{', '.join(items)}}}"
    if isinstance(value, (set, frozenset)) and value:
        return f"{{{', '.join(sorted(map(_shown, value)))}}}"
    if type(value) is list:
        return f"[{', '.join(map(_shown, value))}]"
    if type(value) is tuple:
        return f"({', '.join(map(_shown, value))}{',' if len(value) == 1 else ''})"
    try:
        text = show(value)
    except Exception:  # noqa: BLE001 - anything may happen in an author's __str__
        return type(value).__name__
    has_address = _ADDRESS.search(text) or str(id(value)) in text
    return type(value).__name__ if has_address and not isinstance(value, (str, int)) else text
