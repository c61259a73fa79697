"""One thing that a user can set."""

from __future__ import annotations

import importlib
from typing import Any

DEFAULT_HANG_TIMEOUT = 30.0
DEFAULT_DUMP_DIR = "a2a3sim-dump"


class Option:
    """One thing that a user can set.

    A plain class: every session of pytest defines it, and a NamedTuple takes ten times as long.

    Attributes:
        name: without a prefix: ``hang_timeout`` is ``--sim-hang-timeout`` for pytest,
            ``sim_hang_timeout`` in an ini file, and ``--hang-timeout`` on the command line.
        help: what it does; ``{p}`` stands for the prefix of options.
        parser: names the function text -> value, as ``values.parse_size`` of this package; "" for a
            flag, or for what is text already.
        metavar: names the value in help texts.
        field: of Settings; "" where the option concerns pytest alone.
        kind: ``value``; ``flag``, which has none; ``switch``, which may have one; ``words``, a list
            of them; ``lines``, each of which is parsed; ``count``.
        option: whether pytest has it as an option.
        ini: whether it is an ini key.
        command: whether the command line has it.
        decides: whether what becomes of a case may depend on it.
        words: values of a ``switch``, the one that it has without a value first.
        ini_name: the ini key, and pytest's name of the option.
    """

    def __init__(  # noqa: PLR0913 - a row of a table
        self,
        name: str,
        help: str,  # noqa: A002 - argparse's word
        parser: str = "",
        metavar: str | None = None,
        *,
        field: str = "",
        kind: str = "value",
        option: bool = True,
        ini: bool = True,
        command: bool = True,
        decides: bool = True,
        words: tuple[str, ...] = (),
    ) -> None:
        """Takes the attributes."""
        self.name = name
        self.help = help
        self.parser = parser
        self.metavar = metavar
        self.field = field
        self.kind = kind
        self.option = option
        self.ini = ini
        self.command = command
        self.decides = decides
        self.words = words
        self.ini_name = f"sim_{name}"

    def flag(self, prefix: str) -> str:
        """``--sim-hang-timeout`` for the prefix ``--sim-``."""
        return prefix + self.name.replace("_", "-")

    def parse(self, text: str) -> Any:
        """The value that a text stands for.

        Modules that parse are imported when there is something to parse: pytest has the options of
        every session.

        Raises:
            ValueError: saying what is accepted.
        """
        if not self.parser:
            return text
        module, _, function = self.parser.rpartition(".")
        return getattr(importlib.import_module(f"{__package__}.{module}"), function)(text)
