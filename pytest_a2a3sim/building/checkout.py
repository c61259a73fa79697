"""Where a source's checkout is, and objects that are good for others of the same sources.

Keys and manifests name what is below a checkout by a token, so that they are the same wherever it
is. Compilers write a placeholder of a fixed length into debug information; when an object is taken
for a checkout, the placeholder becomes its path, followed by as many slashes as fill the length.
A path with more slashes names the same file, and no string of the object changes its place.
"""

from __future__ import annotations

import functools
import hashlib
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.version import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_a2a3sim.building.store.manifest import Part

_LENGTH = 192  # of a placeholder: longer paths are not mapped
_ROOTS = (".git", "pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "tox.ini")


@frozen
class _Place:
    path: str
    name: str

    @property
    def token(self) -> str:
        return f"{{{self.name}}}"

    @property
    def placeholder(self) -> str:
        return f"/a2a3sim-{self.name}-".ljust(_LENGTH, "x")


@frozen
class Checkout:
    """The directory of a project, and that of this package where it is elsewhere.

    Attributes:
        root: of the checkout, absolute; empty where nothing tells where it is.
    """

    root: str

    @functools.cached_property
    def _places(self) -> tuple[_Place, ...]:
        if not self.root:
            return ()
        package = _Place(str(PACKAGE), "package")
        own = _Place(self.root, "checkout")
        is_inside = f"{PACKAGE}/".startswith(f"{self.root}/")
        return (own,) if is_inside or len(package.path) > _LENGTH else (own, package)

    @property
    def tag(self) -> str:
        """What tells files of this checkout from those of others; empty where nothing is mapped."""
        return f"-{hashlib.sha256(self.root.encode()).hexdigest()[:12]}" if self.root else ""

    @property
    def flags(self) -> tuple[str, ...]:
        """Of a compiler: debug information names placeholders, ``__FILE__`` starts at the root."""
        maps = (f"-fdebug-prefix-map={place.path}={place.placeholder}" for place in self._places)
        names = (f"-fmacro-prefix-map={place.path}/=" for place in self._places)
        return (*maps, *names)

    def parts(self, parts: Iterable[Part]) -> tuple[Part, ...]:
        """Parts of a key, the same in every checkout."""
        mapped = tuple((label, self._with_tokens(text)) for label, text in parts)
        return (*mapped, ("paths", "of any checkout")) if self.root else mapped

    @functools.cached_property
    def _tokens(self) -> tuple[tuple[str, str], ...]:
        """What is below a place begins with, and what it is kept as; some hundred times a case."""
        return tuple((f"{place.path}/", f"{place.token}/") for place in self._places)

    def _with_tokens(self, text: str) -> str:
        for path, token in self._tokens:
            text = text.replace(path, token)
        return text

    def shortened(self, path: str) -> str:
        """A path as it is kept."""
        for place in self._places:
            if path.startswith(f"{place.path}/"):
                return place.token + path[len(place.path) :]
            if path == place.path:
                return place.token
        return path

    def lengthened(self, path: str) -> str:
        """A path that was kept."""
        for place in self._places:
            if path.startswith(place.token):
                return place.path + path[len(place.token) :]
        return path

    def own(self, content: bytes) -> bytes:
        """An object that any checkout may have, as this one has it."""
        for place in self._places:
            path = place.path.encode(errors="surrogateescape").ljust(_LENGTH, b"/")
            content = content.replace(place.placeholder.encode(), path)
        return content

    def is_named_in(self, content: bytes) -> bool:
        """Whether an object has this checkout's path, so that no other one can use it."""
        return any(
            f"{place.path}/".encode(errors="surrogateescape") in content for place in self._places
        )


def checkout_of(source: Path) -> Checkout:
    """The checkout that a source is in."""
    return _checkout_of(source.parent)


def forget_checkouts() -> None:
    """Has the process look again where they are: what marks one may come and go."""
    _checkout_of.cache_clear()


@functools.lru_cache(maxsize=4096)
def _checkout_of(directory: Path) -> Checkout:
    every = (directory, *directory.parents)
    for names in (_ROOTS[:1], _ROOTS[1:]):
        for above in every:
            if any((above / name).exists() for name in names):
                return Checkout(str(above) if len(str(above)) <= _LENGTH else "")
    return Checkout("")
