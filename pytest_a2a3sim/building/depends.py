"""What a case depends on that is native: the compiler, this package, the files of its sources."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import time
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pytest_a2a3sim.building.key import key_environment
from pytest_a2a3sim.building.starting import answer
from pytest_a2a3sim.building.store.fingerprint import Digests, Stamp, digest_of_parts, read
from pytest_a2a3sim.building.store.inputs import Dependency
from pytest_a2a3sim.building.toolchain import find_toolchain
from pytest_a2a3sim.model.uses import UntrackedError
from pytest_a2a3sim.version import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_a2a3sim.building.objects import Objects
    from pytest_a2a3sim.building.store.cache import Cache
    from pytest_a2a3sim.building.store.inputs import Inputs
    from pytest_a2a3sim.building.store.manifest import Part
    from pytest_a2a3sim.building.unit import Unit

_SUFFIXES = (".py", ".h", ".hpp", ".cpp", ".so")
_READS = re.compile(
    r"""(?: (?:secure_)?getenv | f?re?open(?:64)? | open(?:at)?(?:64)? | opendir | popen | system
      | exec[lv]p?e? | posix_spawnp? | dlopen | socket | getrandom | getentropy
    )(?:@.*)?
    | _ZNSt13basic_f(?:ile|stream).* | _ZNSt14basic_ifstream.* | _ZNSt13random_device.*
    | _ZNSt10filesystem.*""",
    re.VERBOSE,
)


_GETENV = re.compile(rb'getenv\b(?:\s*\(\s*"([^"]+)"\s*\))?')
_NOT_THE_USERS = (f"{PACKAGE}/", "/usr/include/", "/usr/lib/")


def compiler_parts(
    environment: Mapping[str, str], cache: Cache, compiler: str | None
) -> tuple[Part, ...]:
    """What tells a compiler from other ones, the environment in which it runs included.

    Raises:
        BuildError: it is not there.
    """
    toolchain = find_toolchain(cache, environment, compiler)
    launcher = (("launcher", word) for word in toolchain.launcher)
    return (*launcher, *toolchain.identity, *key_environment(environment))


@functools.cache
def package_digest(cache: Cache) -> str:
    """SHA-256 of this package: its code, its headers and its engine.

    The cache keeps it for as long as no file's stamp changes.
    """
    now = time.time_ns()
    stamps = {path: Stamp.of(path) for path in _files_of_package()}
    key = digest_of_parts(tuple((path, repr(stamp)) for path, stamp in stamps.items()))
    kept = cache.read_small(f"{key}.package")
    if kept is not None:
        return kept.decode()
    parts = []
    for path in stamps:
        content = read(path)
        parts.append((os.path.relpath(path, PACKAGE), content.digest if content else ""))
    digest = digest_of_parts(tuple(parts))
    if all(stamp is not None and stamp.is_settled(now) for stamp in stamps.values()):
        cache.save_small(f"{key}.package", digest.encode())
    return digest


def _files_of_package() -> Iterator[str]:
    for parent, directories, names in os.walk(PACKAGE):
        directories[:] = sorted(name for name in directories if name != "__pycache__")
        for name in sorted(names):
            if name.endswith(_SUFFIXES):
                yield f"{parent}/{name}"


class Sources(NamedTuple):
    """What the sources of a case depend on.

    Attributes:
        inputs: what each was compiled from.
        variables: of the environment that they read while they run.
    """

    inputs: list[Inputs]
    variables: list[str]


def sources_of(
    units: Sequence[Unit], objects: Objects, ran: Sequence[str], environment: Mapping[str, str]
) -> Sources:
    """What sources were compiled from, and what they read.

    Args:
        units: the sources.
        objects: of the session.
        ran: digests of the objects that ran, in the order of the sources.
        environment: of compilers.

    Raises:
        UntrackedError: an object is no longer what would be built now, or what it reads while it
            runs is not known.
    """
    digests = Digests()
    entries = objects.find(units)
    paths = {unit: str(objects.path(unit, entry)) for unit, entry in entries.items()}
    reads = _reads(tuple(dict.fromkeys(paths.values())), environment.get("PATH", ""))
    found = Sources([], [])
    for unit, digest in zip(units, ran, strict=True):
        entry = entries.get(unit)
        source = digests.of(str(unit.source))
        if entry is None or source is None or entry.digest != digest:
            raise UntrackedError(f"{unit.source} or a file that it includes has changed since")
        itself = Dependency(str(unit.source), *source)
        inputs = replace(entry.inputs, files=(itself, *entry.inputs.files))
        for name in reads[paths[unit]]:
            if not name.endswith("getenv"):
                raise UntrackedError(f"{unit.source.name} calls {name}: what it reads is not known")
            found.variables.extend(_variables_in(inputs.read))
        found.inputs.append(inputs)
    return found


@functools.lru_cache(maxsize=256)
def _reads(paths: tuple[str, ...], path: str) -> dict[str, list[str]]:
    """The functions by which each of some objects may read what nobody observes, by its path."""
    command = ["nm", "-D", "-A", "-P", "--undefined-only", *paths]
    try:
        listing = answer(command, {"PATH": path}) if paths else ""
    except (OSError, subprocess.SubprocessError):
        return {key: ["what cannot be listed"] for key in paths}
    names: dict[str, list[str]] = {object_: [] for object_ in paths}
    for line in listing.splitlines():
        object_, _, rest = line.partition(": ")
        name = rest.partition(" ")[0]
        if _READS.fullmatch(name):
            names[object_].append(name.partition("@")[0])
    return names


def _variables_in(files: Sequence[str]) -> list[str]:
    """The variables that the user's sources ask for.

    Raises:
        UntrackedError: a name is not written out.
    """
    names = []
    for file in files:
        if not file.startswith(_NOT_THE_USERS):
            content = read(file)
            text = b"" if content is None or b"\0" in content.data else content.data
            for name in _GETENV.findall(text):
                if not name:
                    raise UntrackedError(f"{file} calls getenv: which variable is not known")
                names.append(os.fsdecode(name))
    return names
