"""Why a source would be compiled now, or would not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.key import key_parts
from pytest_a2a3sim.building.results import source_name
from pytest_a2a3sim.building.store.fingerprint import Digests, Glance, digest_of_parts, read
from pytest_a2a3sim.building.store.inputs import changed
from pytest_a2a3sim.building.toolchain import find_toolchain
from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_a2a3sim.building.store.cache import Cache
    from pytest_a2a3sim.building.store.manifest import Part
    from pytest_a2a3sim.building.toolchain import Toolchain
    from pytest_a2a3sim.building.unit import Unit


@frozen
class Why:
    """What the cache knows about a source.

    Attributes:
        unit: the source and how it is compiled.
        key: of its manifest.
        parts: what the key is made from.
        files: whose contents the newest result depends on; none where there is no result.
        reasons: why it would be compiled now, in words; none if it would not.
    """

    unit: Unit
    key: str
    parts: tuple[Part, ...]
    files: tuple[str, ...]
    reasons: tuple[str, ...]


def why(units: Iterable[Unit], cache: Cache) -> list[Why]:
    """Looks sources up.

    Raises:
        BuildError: there is no compiler.
    """
    return [_why(unit, find_toolchain(cache, compiler=unit.compiler), cache) for unit in units]


def _why(unit: Unit, toolchain: Toolchain, cache: Cache) -> Why:
    content = read(str(unit.source))
    parts = key_parts(unit, toolchain, "missing" if content is None else content.digest)
    key = digest_of_parts(parts)
    stored = cache.manifest(key)
    manifest = None if stored is None else stored.mapped(unit.checkout.lengthened)
    if manifest is None or not (manifest.results or manifest.not_kept):
        return Why(unit, key, parts, (), _changed_parts(unit, parts, cache))
    reasons = [f"it is not kept: {manifest.not_kept}"] if manifest.not_kept else []
    for entry in manifest.results:
        reason = changed(entry.inputs, Digests(), Glance())
        if entry.checkout not in {"", unit.checkout.root}:
            reason = f"the object has the path of another checkout in it: {entry.checkout}"
        if reason is None and cache.read_object(entry.digest) is None:
            reason = "the object was evicted or damaged"
        if reason is None:
            reasons = []
            break
        reasons.append(reason)
    files = manifest.results[0].inputs.read if manifest.results else ()
    return Why(unit, key, parts, files, tuple(dict.fromkeys(reasons)))


def _changed_parts(unit: Unit, parts: tuple[Part, ...], cache: Cache) -> tuple[str, ...]:
    """How the key differs from the one under which the source was compiled last."""
    latest = cache.latest_key(source_name(unit))
    manifest = cache.manifest(latest) if latest is not None else None
    if manifest is None or not (manifest.results or manifest.not_kept):
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
