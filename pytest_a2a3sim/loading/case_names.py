"""Names of test cases: readable, unique, stable, and usable in a node id."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.stable_text import stable_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LONGEST_VALUE = 40


def case_names(params_list: Sequence[Mapping[str, Any]]) -> list[str]:
    """One name per entry: its ``"name"``, else ``key=value`` parts joined with ``-``.

    Entries that would share a name are numbered from 1 in their order.
    """
    names = [_name(params) for params in params_list]
    repeated = {name for name, count in Counter(names).items() if count > 1}
    taken = set(names) - repeated
    numbers: Counter[str] = Counter()
    unique = []
    for name in names:
        candidate = name
        while candidate in repeated or (candidate != name and candidate in taken):
            numbers[name] += 1
            candidate = f"{name}-{numbers[name]}"
        if candidate != name:
            taken.add(candidate)
        unique.append(candidate)
    return unique


def keywords(params: Mapping[str, Any]) -> list[str]:
    """``key:value`` words for ``-k``, whose grammar has no ``=``."""
    return [f"{key}:{_value(value)}" for key, value in params.items() if key != "name"]


def _name(params: Mapping[str, Any]) -> str:
    if "name" in params:
        return _clean(stable_text(params["name"])) or "unnamed"
    return "-".join(f"{_clean(key)}={_value(value)}" for key, value in params.items()) or "default"


def _value(value: object) -> str:
    if isinstance(value, (list, tuple)):
        text = ",".join(map(_value, value))
    elif isinstance(value, (set, frozenset)):
        text = ",".join(sorted(map(_value, value)))
    else:
        text = stable_text(value)
    text = _clean(text)
    return text if 0 < len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def _clean(text: str) -> str:
    """Without white space, ``::`` and characters that a terminal cannot show."""
    text = re.sub(r"\s+", "_", text.strip()).replace("::", ":")
    return text.encode("unicode_escape").decode("ascii")
