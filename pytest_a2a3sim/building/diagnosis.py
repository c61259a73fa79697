"""Why a source would be compiled now, or would not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.fingerprint import Digests, Glance, digest_of_parts, read
from pytest_a2a3sim.building.keys import key_parts
from pytest_a2a3sim.building.manifest import obstacle
from pytest_a2a3sim.building.objects import source_name
from pytest_a2a3sim.building.toolchain import find_toolchain
from pytest_a2a3sim.building.units import units
from pytest_a2a3sim.errors import SettingsError
from pytest_a2a3sim.loading.load_kernels import load_kernel_config

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_a2a3sim.building.cache import Cache
    from pytest_a2a3sim.building.manifest import Part
    from pytest_a2a3sim.building.toolchain import Toolchain
    from pytest_a2a3sim.building.units import Unit


@dataclass(frozen=True)
class Diagnosis:
    """What the cache knows about a source.

    Attributes:
        unit: the source and how it is compiled.
        key: of its manifest.
        parts: what the key is made from.
        headers: that the newest result depends on; none where there is no result.
        reasons: why it would be compiled now, in words; none if it would not.
    """

    unit: Unit
    key: str
    parts: tuple[Part, ...]
    headers: tuple[str, ...]
    reasons: tuple[str, ...]


def diagnose(path: Path, session_flags: tuple[str, ...], cache: Cache) -> list[Diagnosis]:
    """Looks up a source, or every source of a golden directory.

    Raises:
        SettingsError: no kernel_config.py near the path names it.
        BuildError: there is no compiler.
        GoldenError: kernel_config.py is wrong.
    """
    config = load_kernel_config(_kernels_directory(path))
    every = dict.fromkeys(units(config, session_flags))
    wanted = [unit for unit in every if path.is_dir() or unit.source.resolve() == path]
    if not wanted:
        raise SettingsError(
            f"{config.path} does not name {path}\nIt names: "
            f"{', '.join(str(unit.source) for unit in every)}"
        )
    toolchain = find_toolchain(cache)
    return [_diagnose(unit, toolchain, cache) for unit in wanted]


def _kernels_directory(path: Path) -> Path:
    for directory in (path / "kernels", path, *path.parents):
        if (directory / "kernel_config.py").is_file():
            return directory
    raise SettingsError(
        f"no kernel_config.py above {path}\nName a source in a kernels/ directory, or a golden "
        "directory."
    )


def _diagnose(unit: Unit, toolchain: Toolchain, cache: Cache) -> Diagnosis:
    content = read(str(unit.source))
    parts = key_parts(unit, toolchain, "missing" if content is None else content.digest)
    key = digest_of_parts(parts)
    manifest = cache.manifest(key)
    if manifest is None or not manifest.entries:
        return Diagnosis(unit, key, parts, (), _changed_parts(unit, parts, cache))
    reasons: list[str] = []
    for entry in manifest.entries:
        reason = obstacle(entry, Digests(), Glance())
        if reason is None and cache.read_object(entry.digest) is None:
            reason = "the object was evicted or damaged"
        if reason is None:
            reasons = []
            break
        reasons.append(reason)
    headers = tuple(dependency.path for dependency in manifest.entries[0].dependencies)
    return Diagnosis(unit, key, parts, headers, tuple(dict.fromkeys(reasons)))


def _changed_parts(unit: Unit, parts: tuple[Part, ...], cache: Cache) -> tuple[str, ...]:
    """How the key differs from the one under which the source was compiled last."""
    latest = cache.latest_key(source_name(unit))
    manifest = cache.manifest(latest) if latest is not None else None
    if manifest is None:
        return ("it is not in the cache",)
    before, now = Counter(manifest.parts), Counter(parts)
    gone, new = dict(before - now), dict(now - before)
    reasons = [
        *(f"{label}: was {_short(value)}" for label, value in gone),
        *(f"{label}: is {_short(value)}" for label, value in new),
    ]
    return tuple(sorted(reasons)) or ("the order of the flags has changed",)


def _short(value: str) -> str:
    line = value.strip().split("\n", 1)[0]
    return repr(line)
