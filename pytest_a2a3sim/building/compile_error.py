"""What a compiler said that did not accept a source."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.errors import CompilerMessage

if TYPE_CHECKING:
    from pytest_a2a3sim.building.store.inputs import Inputs

_ERROR = re.compile(
    r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d+):(?:\d+:)? (?:fatal )?error: (?P<text>.*)$",
    re.MULTILINE,
)


class CompileError(Exception):
    """A compiler did not accept a source.

    Attributes:
        summary: the first error's place and text, or "" where there is none.
        messages: every error that the compiler names.
        details: the compiler's text, the command, the exit status.
        inputs: what it had looked for; None where nobody can tell.
    """

    def __init__(self, printed: str, command: str, inputs: Inputs | None) -> None:
        errors = list(_ERROR.finditer(printed))
        self.summary = errors[0][0] if errors else ""
        self.messages = tuple(
            CompilerMessage(error["file"], int(error["line"]), error["text"]) for error in errors
        )
        self.details = f"{printed.rstrip()}\n{command}"
        self.inputs = inputs
        super().__init__(self.summary)
