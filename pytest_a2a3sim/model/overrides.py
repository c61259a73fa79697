"""Settings of one case: the session's, but for options that a marker or a caller gives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.dump_choice import DumpChoice
from pytest_a2a3sim.model.errors import SettingsError
from pytest_a2a3sim.model.options import OPTIONS
from pytest_a2a3sim.model.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.model.option import Option
    from pytest_a2a3sim.model.settings import Settings

_OF_SESSION = {
    *("cxxflags", "cache_size", "cache_shared", "pto_isa_root", "compiler", "suppressions"),
}
OF_CASE = {
    option.name: option for option in OPTIONS if option.field and option.name not in _OF_SESSION
}
"""Options that a case can have of its own."""


def overridden(settings: Settings, options: Mapping[str, object], whose: str) -> Settings:
    """The settings with some options of a case's own.

    Args:
        settings: of the session.
        options: by name, as ``{"threads": 1, "schedule": "fifo"}``: text as on the command line, or
            the value itself. An order is executed on one thread unless ``threads`` is given.
        whose: says in an error who gave them.

    Raises:
        SettingsError: there is no such option, or the value has no meaning.
    """
    if unknown := [name for name in options if name not in OF_CASE]:
        raise SettingsError(
            f"{whose} has no option {unknown[0]!r}; it has {', '.join(sorted(OF_CASE))}"
        )
    values = {OF_CASE[name].field: _value(OF_CASE[name], options[name], whose) for name in options}
    if "schedule" in values:
        values.setdefault("threads", 1)
    return replace(settings, **values) if values else settings


def _value(option: Option, given: Any, whose: str) -> Any:
    if option.kind == "flag":
        if not isinstance(given, bool):
            raise SettingsError(f"{whose}, {option.name}: must be True or False; got {given!r}")
        return given
    if isinstance(given, (Schedule, DumpChoice)) or not option.parser:
        return given
    text = ",".join(map(str, given)) if isinstance(given, (list, tuple)) else str(given)
    try:
        return option.parse(text)
    except ValueError as error:
        raise SettingsError(f"{whose}, {option.name}: {error}; got {given!r}") from None
