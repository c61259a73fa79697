"""``a2a3sim completion``: what a shell completes, from the commands and options that there are."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SCRIPT = """\
_a2a3sim() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} known
    case ${{COMP_WORDS[1]}} in
{cases}
    *) known={commands} ;;
    esac
    [ "$COMP_CWORD" = 1 ] && known={commands}
    COMPREPLY=($(compgen -W "$known" -- "$word"))
    [ "$COMP_CWORD" = 1 ] || COMPREPLY+=($(compgen -f -- "$word"))
}}
complete -o filenames -F _a2a3sim a2a3sim
"""


def declare(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    parser: Callable[[], argparse.ArgumentParser],
) -> None:
    """Adds the command; ``parser`` makes the whole command line."""
    command = commands.add_parser("completion", help="print what makes a shell complete a2a3sim")
    command.add_argument(
        "shell", choices=("bash", "zsh"), help='bash: eval "$(a2a3sim completion bash)"'
    )

    def run(options: argparse.Namespace) -> int:
        print("\n".join(script_lines(parser(), options.shell)))  # noqa: T201 - this is the command line
        return 0

    command.set_defaults(handler=run)


def script_lines(parser: argparse.ArgumentParser, shell: str) -> list[str]:
    """The script of a shell, a line each."""
    commands = _subparsers(parser)
    cases = [
        f"    {name}) known={shlex.quote(' '.join(_words(command)))} ;;"
        for name, command in commands.items()
    ]
    names = shlex.quote(" ".join([*commands, "--help", "--version"]))
    first = ["autoload -U +X bashcompinit && bashcompinit"] if shell == "zsh" else []
    return [*first, *_SCRIPT.format(cases="\n".join(cases), commands=names).splitlines()]


def _words(parser: argparse.ArgumentParser) -> list[str]:
    options = [text for action in parser._actions for text in action.option_strings]  # noqa: SLF001 - argparse has no other way
    return [*_subparsers(parser), *(text for text in options if text.startswith("--"))]


def _subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:  # noqa: SLF001 - as above
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - as above
            return dict(action.choices)
    return {}
