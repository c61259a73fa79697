"""What an object does when it is loaded: whether kernels that share a translation unit notice."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.starting import answer
from pytest_a2a3sim.model.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Of a variable of a template or of a class template, but not of one in a function.
_GUARD = re.compile(r"\b_ZGV(?!Z)\w*I\w*E\w*")
_SECTION = re.compile(r"^Relocation section '([^']*)'")
_RELOCATION = re.compile(r"^[0-9a-f]+ +[0-9a-f]+ +R_\S+ +[0-9a-f]+ +(\S+)")
_STREAMS = "_ZStL8__ioinit"
_OF_STREAMS = frozenset(
    {"_ZNSt8ios_base4InitC1Ev", "_ZNSt8ios_base4InitD1Ev", "__dso_handle", "__cxa_atexit"}
)


def computes_for_templates(path: Path, environment: Mapping[str, str]) -> bool:
    """Whether loading an object does more for variables of templates than to store constants.

    Such variables belong to the kernels that use them, and the rest of what is done to headers.
    Their names are known by their guards; code that does nothing else refers to nothing else, but
    for the streams of the C++ library.

    Args:
        path: of a relocatable object.
        environment: in which ``readelf`` runs.

    Raises:
        BuildError: it cannot read the object.
    """
    try:
        command = ["readelf", "--wide", "--symbols", "--relocs", str(path)]
        listing = answer(command, {**environment, "LC_ALL": "C"})
    except (OSError, subprocess.SubprocessError) as error:
        raise BuildError(f"{path} cannot be listed: {error}") from None
    guards = set(_GUARD.findall(listing))
    if not guards:
        return False
    mentioned: list[str] = []
    is_at_start = False
    for line in listing.splitlines():
        if section := _SECTION.match(line):
            is_at_start = ".text.startup" in section[1]
        elif is_at_start and (relocation := _RELOCATION.match(line)):
            mentioned.append(relocation[1])
    variables = {guard.replace("_ZGV", "_Z", 1) for guard in guards}
    local = mentioned.count(".bss") - (_STREAMS in listing)
    others = {
        name
        for name in set(mentioned) - guards - variables - _OF_STREAMS - {".bss"}
        if not name.startswith(".rodata")
    }
    return not mentioned or local > 0 or bool(others)
