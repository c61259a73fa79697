"""Compilers that write down each of their runs."""

from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SUFFIXES = (".cpp", ".cc", ".ii")  # of sources


@dataclass(frozen=True)
class CountingCompiler:
    """An executable that logs its command line and then becomes the real compiler."""

    executable: Path
    log: Path

    @classmethod
    def create(cls, directory: Path, compiler: str = "g++", before: str = "") -> CountingCompiler:
        """``before`` is shell code that runs between the log and the compiler."""
        directory.mkdir(parents=True, exist_ok=True)
        found = cls(directory / "counted-g++", directory / "log")
        found.executable.write_text(
            "#!/bin/sh\n"
            f'printf "%s\\n" "$*" >> {shlex.quote(str(found.log))}\n'
            f"{before}\n"
            f'exec {shutil.which(compiler)} "$@"\n'
        )
        found.executable.chmod(0o755)
        found.forget()
        return found

    def runs(self) -> list[str]:
        """The arguments of every run so far, whatever it was for."""
        return self.log.read_text().splitlines()

    def compiled(self) -> list[str]:
        """Names of the sources that were compiled, sorted; twice if twice."""
        words = [shlex.split(run) for run in self.runs() if " -E " not in run and " -o " in run]
        before_outputs = (run[run.index("-o") - 1] for run in words)
        return sorted(PurePath(each).name for each in before_outputs if each.endswith(_SUFFIXES))

    def forget(self) -> None:
        """Starts a new count."""
        self.log.write_text("")
