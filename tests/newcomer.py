"""Plays the newcomer: a fresh clone, and every command that the pages show, in order.

``python -m tests.newcomer [DIRECTORY]`` clones the committed state of this checkout, runs the
commands of the README one after another in the clone, writes and tests golden directories of all
kinds with ``a2a3sim new``, and runs the commands of all pages, the tutorial's among them, with what
the clone has installed. A command that fails or warns ends it with status 1. It takes some minutes:
the whole test suite, which the README's test command runs, is left out.
"""

from __future__ import annotations

import itertools
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NoReturn

from tests.docs.markdown_pages import CHECKOUT, readme_commands

_WHOLE_SUITE = re.compile(r" && \.venv/bin/pytest tests examples.*")
_WARNS = re.compile(r"\bwarn(?:ing|ings|ed)?\b", re.IGNORECASE)
_SAYS_NEED = re.compile(r"^It needs ([\w-]+): (pip install [\w-]+)$", re.MULTILINE)
_PAGES = ("test_commands.py", "test_authoring.py", "test_errors_page.py", "test_documented.py")


class Newcomer:
    """Types commands, in one shell after another."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.clone = home / "pytest-a2a3sim"
        kept = ("PATH", "LANG", "TERM", "CXX", "PTO_ISA_ROOT")
        self._environment = {name: os.environ[name] for name in kept if name in os.environ}
        self._environment |= {"HOME": str(home), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

    def types(self, command: str, directory: Path | None = None, *, may_warn: bool = False) -> str:
        """Runs a command as ``. .venv/bin/activate`` leaves the shell; returns what it prints."""
        bin_directory = self.clone / ".venv" / "bin"
        path = f"{bin_directory}:{self._environment['PATH']}"
        start = time.monotonic()
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=directory or self.clone,
            env={**self._environment, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        say(f"{time.monotonic() - start:6.1f} s  $ {command}")
        if done.returncode != 0 or (_WARNS.search(done.stdout) and not may_warn):
            fail(f"status {done.returncode}\n{done.stdout}")
        return done.stdout


def say(text: str) -> None:
    """Prints a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def fail(text: str) -> NoReturn:
    """Ends the script."""
    say(text)
    sys.exit(1)


def choices(help_text: str, option: str) -> list[str]:
    """What an option of ``a2a3sim new`` may be, as its help says."""
    found = re.search(rf"{option} \{{([\w,]+)\}}", help_text)
    return found[1].split(",") if found else []


def play(home: Path) -> None:
    """The whole first hour."""
    newcomer = Newcomer(home)
    newcomer.types(f"git clone -q {shlex.quote(str(CHECKOUT))} {newcomer.clone}", home)
    for command in readme_commands():
        # pip says of a registry's indexes what is no concern of ours
        newcomer.types(_WHOLE_SUITE.sub("", command), may_warn="pip install" in command)
    newcomer.types("a2a3sim doctor")

    work = home / "work"
    work.mkdir()
    help_text = newcomer.types("a2a3sim new --help", work)
    kinds = itertools.product(choices(help_text, "--template"), choices(help_text, "--dtype"))
    for template, dtype in kinds:
        if template == "pto":
            continue  # needs a checkout of PTO ISA; its own tests have a stand-in
        command = f"a2a3sim new {template}-{dtype} --template {template} --dtype {dtype}"
        for _, remedy in _SAYS_NEED.findall(newcomer.types(command, work)):
            newcomer.types(remedy, work, may_warn=True)
    newcomer.types("pytest -W error", work)
    newcomer.types("pytest -W error --sim-sanitize=all", work)

    pages = " ".join(f"tests/docs/{name}" for name in _PAGES)
    newcomer.types(f"pytest {pages} -n auto -q")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        play(Path(sys.argv[1]).resolve())
    else:
        with tempfile.TemporaryDirectory() as made:
            play(Path(made))
    say("no command failed, and none warned")
