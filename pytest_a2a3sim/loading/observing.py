"""What the user's Python reads while it runs, in one place: files, directories, the environment.

``watching`` sees it, and says whose doing it is.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.loading.libraries import file_of, is_compiled, is_library_file, is_users
from pytest_a2a3sim.model.uses import UntrackedError

if TYPE_CHECKING:
    from pytest_a2a3sim.model.uses import Uses

_UNTRACKED = {
    "ctypes.dlopen": "loads native code",
    "sqlite3.connect": "opens a database",
    **dict.fromkeys(
        ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty"),
        "starts a process",
    ),
    **dict.fromkeys(
        ("socket.connect", "socket.getaddrinfo", "socket.bind", "urllib.Request"),
        "uses the network",
    ),
    **dict.fromkeys(
        (
            *("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink"),
            *("os.truncate", "shutil.copyfile", "shutil.move", "shutil.rmtree"),
        ),
        "changes files",
    ),
}
_LISTINGS = {"os.listdir", "os.scandir"}
EVENTS = frozenset({"open", *_LISTINGS, *_UNTRACKED})
"""Audit events that an observer takes in."""

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
SHARED_RANDOM = "draws from, or seeds, random numbers that all code shares"
_OWN_RANDOM = "draws random numbers without a seed of their own"


class Observer:
    """Notes what some code uses.

    Attributes:
        files: absolute paths that were opened or asked about.
        directories: of which the names were read.
        variables: of the environment, with their values.
        imported: names of modules.
        modules: files of the user's modules that were imported.
        untracked: what was done of which nothing can be known, in words; usually nothing.
    """

    def __init__(self) -> None:
        self.files: dict[str, None] = {}
        self.directories: dict[str, None] = {}
        self.variables: dict[str, str | None] = {}
        self.imported: dict[str, None] = {}
        self.modules: dict[str, None] = {}
        self.untracked: dict[str, None] = {}

    def part(self, whose: str) -> Observer:  # noqa: ARG002 - others tell whose doing it is
        """Who notes what the code of a file does: this one, whatever file it is."""
        return self

    def take_in(self, other: Observer | Uses) -> None:
        """Notes what another one has noted, or what a computation is known to use."""
        absent = () if isinstance(other, Observer) else other.absent
        self.files |= dict.fromkeys([*other.files, *absent])
        self.directories |= dict.fromkeys(other.directories)
        self.variables |= other.variables
        if isinstance(other, Observer):
            self.imported |= other.imported
            self.modules |= other.modules
            self.untracked |= other.untracked
        else:
            self.modules |= dict.fromkeys(file for file, _ in other.modules.values() if file)

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Takes in an audit event."""
        if event == "open":
            path, mode, flags = arguments
            if isinstance(path, (str, bytes)):
                self._opened(os.fsdecode(path), mode, flags)
        elif event in _LISTINGS:
            if not isinstance(arguments[0], int):
                self.directories[absolute(arguments[0] or ".")] = None
        elif not _is_byte_code(arguments):
            self.untracked[_UNTRACKED[event]] = None

    def _opened(self, path: str, mode: str | None, flags: int) -> None:
        path = absolute(path)
        writes = set(mode) & set("wax+") if isinstance(mode, str) else flags & _WRITING
        if writes and _is_byte_code((path,)):
            return
        if writes:
            self.untracked["writes files"] = None
        elif path.endswith(".pyc"):
            with contextlib.suppress(ValueError):
                self.files[importlib.util.source_from_cache(path)] = None
        else:
            self.files[path] = None

    def asked(self, path: Any = ".", *_: Any, **__: Any) -> None:
        """Somebody asks for a file's status."""
        if not isinstance(path, int):
            self.files[absolute(path)] = None

    def read(self, _: object, name: Any) -> None:
        """Somebody reads a variable of the environment."""
        with contextlib.suppress(TypeError, ValueError):
            text = os.fsdecode(name)
            self.variables[text] = os.environ.get(text)

    def started(self, *_: Any) -> None:
        """Somebody starts a thread, which nobody observes."""
        self.untracked["starts a thread"] = None

    def drawn(self, *_: Any) -> None:
        """Somebody draws random numbers from the system."""
        self.untracked[_OWN_RANDOM] = None

    def seeded(self, _: object, seed: Any = None, *__: Any, **___: Any) -> None:
        """Somebody seeds random numbers of their own."""
        if seed is None:
            self.untracked[_OWN_RANDOM] = None

    def imports(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Somebody has imported a module, or tried to, with the arguments of ``__import__``."""
        names = ("globals", "locals", "fromlist", "level")
        given = {**dict(zip(names, args, strict=False)), **kwargs}
        package = (given.get("globals") or {}).get("__package__")
        self.imports_by_name(name, package, given.get("level", 0), given.get("fromlist") or ())

    def imports_by_name(
        self, name: str, package: str | None = None, level: int = 0, parts: Any = ()
    ) -> None:
        """Likewise, with the arguments of ``importlib.import_module``'s own function."""
        self.imported[name] = None
        base = name
        if level:
            with contextlib.suppress(ImportError, ValueError):
                base = importlib.util.resolve_name("." * level + name, package or "")
        words = base.split(".")
        names = {".".join(words[: end + 1]) for end in range(len(words))}
        names |= {f"{base}.{part}" for part in parts if isinstance(part, str)}
        for each in names:
            module = sys.modules.get(each)
            if module is None or not is_users(module):
                continue
            if is_compiled(module):
                self.untracked[f"imports {each}, native code that may read files"] = None
            self.modules[file_of(module)] = None
        if not level:
            self._sought(words[0])

    def _sought(self, top: str) -> None:
        """Where a module of the same name would come first."""
        if top in sys.stdlib_module_names or top.startswith("_a2a3sim_"):
            return
        found = file_of(sys.modules.get(top))
        for entry in sys.path:
            directory = absolute(entry or ".")
            for place in (f"{directory}/{top}/__init__.py", f"{directory}/{top}.py"):
                if place == found:
                    return
                if not is_library_file(place):
                    self.files[place] = None

    def told_apart(self, who: str = "compute_golden") -> tuple[list[str], list[str]]:
        """Paths of files that are there, and of those that are not.

        Raises:
            UntrackedError: the code did what cannot be tracked.
        """
        if self.untracked:
            raise UntrackedError(f"{who} {', and '.join(self.untracked)}")
        found, absent = [], []
        for name in self.files:
            path = Path(name)
            if path.is_file():
                found.append(name)
            elif not path.exists():
                absent.append(name)
            elif not path.is_dir():
                raise UntrackedError(f"{who} reads {name}, which is not a file")
        return found, absent


def absolute(path: Any) -> str:
    """An absolute path; links are not followed."""
    return os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - links are not followed


def _is_byte_code(arguments: tuple[Any, ...]) -> bool:
    """Whether it is about what Python keeps of a module that it has compiled."""
    return bool(arguments) and isinstance(arguments[0], str) and "__pycache__" in arguments[0]
