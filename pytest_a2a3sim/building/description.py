"""What a compiler says about itself, kept as long as its files do not change."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.processes import lack_of_processes
from pytest_a2a3sim.building.starting import answer, answers
from pytest_a2a3sim.building.store.fingerprint import (
    Stamp,
    digest_of_parts,
    read,
    wait_until_settled,
)
from pytest_a2a3sim.model.errors import BuildError
from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_a2a3sim.building.store.cache import Cache
    from pytest_a2a3sim.building.store.manifest import Part

_PATIENCE = 60.0  # seconds
_QUESTIONS = ("--version", "-dumpmachine")
_PLACES = "-print-search-dirs"
_PROGRAMS_ARE_IN = re.compile("^programs: =(.*)$", re.MULTILINE)
_PROGRAMS = ("cc1plus", "as", "ld")
_YES, _NO = b"yes", b"no"


def are_unchanged(files: Mapping[str, Stamp]) -> bool:
    """Whether files have the stamps that they had."""
    return all(Stamp.of(path) == stamp for path, stamp in files.items())


@frozen
class Description:
    """What a compiler says about itself, and the files of which it consists."""

    answers: dict[str, str]
    files: dict[str, Stamp]

    @classmethod
    def ask(
        cls, command_line: str, compiler: tuple[str, ...], environment: Mapping[str, str]
    ) -> Description:
        """Asks it.

        Raises:
            BuildError: it does not run.
        """
        commands = [[*compiler, question] for question in (*_QUESTIONS, _PLACES)]
        try:
            *said, places = answers(commands, environment, _PATIENCE)
        except (OSError, subprocess.SubprocessError) as error:
            lack = lack_of_processes(error) if isinstance(error, OSError) else None
            raise lack or BuildError(
                f"the C++ compiler {command_line!r} does not run: {error}\n"
                "Name a working one in the environment variable CXX."
            ) from None
        found = _PROGRAMS_ARE_IN.search(places)
        path = ":".join([*(found[1].split(":") if found else ()), environment.get("PATH", "")])
        programs = filter(None, (shutil.which(program, path=path) for program in _PROGRAMS))
        paths = (compiler[0], *programs)
        for file in paths:  # or what it compiles first would not be certain
            wait_until_settled(file)
        files = {file: stamp for file in paths if (stamp := Stamp.of(file))}
        return cls(dict(zip(_QUESTIONS, said, strict=True)), files)

    def encode(self) -> bytes:
        """As it is kept."""
        return json.dumps({"answers": self.answers, "files": self.files}).encode()


def recorded(path: Path) -> Description | None:
    """A description whose files are unchanged."""
    content = read(str(path))
    if content is None:
        return None
    try:
        document = json.loads(content.data)
        files = {path: Stamp(*stamp) for path, stamp in document["files"].items()}
        description = Description(dict(document["answers"]), files)
    except (ValueError, KeyError, TypeError):
        return None
    is_complete = set(_QUESTIONS) <= description.answers.keys()
    return description if is_complete and are_unchanged(files) else None


def acceptance(
    compiler: tuple[str, ...],
    identity: tuple[Part, ...],
    environment: Mapping[str, str],
    cache: Cache,
) -> Callable[[tuple[str, ...]], bool]:
    """Tells whether a compiler knows flags; it is asked once, since the answer is kept."""

    @functools.cache
    def accepts(flags: tuple[str, ...]) -> bool:
        words = tuple(("flag", flag) for flag in flags)
        name = f"{digest_of_parts((*identity, *words))}.flags"
        kept = cache.read_small(name)
        if kept is None:
            kept = _YES if _compiles_nothing([*compiler, *flags], environment) else _NO
            cache.save_small(name, kept)
        return kept == _YES

    return accepts


def _compiles_nothing(command: list[str], environment: Mapping[str, str]) -> bool:
    command = [*command, "-S", "-x", "c++", os.devnull, "-o", os.devnull]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        answer(command, environment, _PATIENCE)
        return True
    return False
