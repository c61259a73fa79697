"""What a compiler says about itself, kept as long as its files do not change."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.instrumentation import LATE
from pytest_a2a3sim.building.processes import lack_of_processes
from pytest_a2a3sim.building.starting import answer
from pytest_a2a3sim.building.store.fingerprint import Stamp, read
from pytest_a2a3sim.model.errors import BuildError
from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LATE_ANSWER, YES = "late instrumentation", "yes"

_PATIENCE = 60.0  # seconds
_QUESTIONS = ("--version", "-dumpmachine")


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

        def ask(question: str) -> str:
            return _ask(command_line, [*compiler, question], environment)

        answers = {question: ask(question) for question in _QUESTIONS}
        answers[LATE_ANSWER] = (
            YES if _accepts(compiler, ("-fsanitize=thread", *LATE), environment) else ""
        )
        programs = [ask(f"-print-prog-name={name}").strip() for name in ("cc1plus", "as", "ld")]
        path = environment.get("PATH")
        paths = [compiler[0], *(shutil.which(program, path=path) or "" for program in programs)]
        files = {path: stamp for path in paths if path and (stamp := Stamp.of(path))}
        return cls(answers, files)

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
    # An older version may have asked less.
    is_complete = {*_QUESTIONS, LATE_ANSWER} <= description.answers.keys()
    return description if is_complete and are_unchanged(files) else None


def _accepts(
    compiler: tuple[str, ...], flags: tuple[str, ...], environment: Mapping[str, str]
) -> bool:
    """Whether the compiler knows the flags."""
    command = [*compiler, *flags, "-S", "-x", "c++", os.devnull, "-o", os.devnull]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        answer(command, environment, _PATIENCE)
        return True
    return False


def _ask(command_line: str, command: list[str], environment: Mapping[str, str]) -> str:
    try:
        return answer(command, environment, _PATIENCE)
    except (OSError, subprocess.SubprocessError) as error:
        lack = lack_of_processes(error) if isinstance(error, OSError) else None
        raise lack or BuildError(
            f"the C++ compiler {command_line!r} does not run: {error}\n"
            "Name a working one in the environment variable CXX."
        ) from None
