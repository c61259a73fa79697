"""Expected outputs in the cache: each with what it was computed from, and its own SHA-256."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_a2a3sim.building.store.fingerprint import Digests, Glance, Stamp, wait_until_settled
from pytest_a2a3sim.building.store.inputs import Dependency, Inputs, changed, observed, paths_of
from pytest_a2a3sim.model.case import Expected
from pytest_a2a3sim.model.uses import KeptGolden, UntrackedError, Uses

if TYPE_CHECKING:
    from pytest_a2a3sim.building.store.cache import Cache

_LARGEST_SHARE = 4  # an entry takes no more than this part of the cache


class StoredGoldens:
    """The expected outputs in a cache."""

    def __init__(self, cache: Cache, rebuild_since: float = 0.0) -> None:
        """Reads nothing yet.

        Args:
            cache: where they are.
            rebuild_since: finds nothing that was kept before then (seconds since the epoch).
        """
        self._cache = cache
        self._rebuild_since = rebuild_since
        self._digests = Digests()

    def find(self, key: str) -> KeptGolden | None:
        """What is kept for a key, if files and environment are what they were."""
        data = self._cache.read_golden(key)
        if data is None:
            return None
        head, _, body = data.partition(b"\n")
        document = json.loads(head)
        if document["stored"] < self._rebuild_since:
            return None
        if any(os.environ.get(name) != value for name, value in document["variables"].items()):
            return None
        if changed(_inputs(document), self._digests, Glance()) is not None:
            return None
        self._cache.touch_golden(key)
        return _kept(document, body)

    def begin(self, golden: str) -> int:
        """Now, when a change of golden.py from now on can be told from its last one."""
        wait_until_settled(golden)
        return time.time_ns()

    def keep(self, key: str, kept: KeptGolden, since_ns: int) -> str:
        """Keeps outputs that were computed since then; says why not, or nothing."""
        uses, expected = kept.uses, kept.expected
        try:
            inputs = observed(uses, self._digests, since_ns, "compute_golden")
        except UntrackedError as reason:
            return str(reason)
        document = {
            "files": [(file.path, file.stamp, file.digest) for file in inputs.files],
            "absent": inputs.absent,
            "listings": inputs.listings,
            "variables": dict(uses.variables),
            "modules": dict(uses.modules),
            "outputs": [(name, raw.nbytes) for name, raw in expected.raw.items()],
            "untouched": expected.untouched,
            "stored": time.time(),
        }
        head = json.dumps(document, separators=(",", ":")).encode()
        body = b"".join(raw.tobytes() for raw in expected.raw.values())
        if len(body) > self._cache.limit // _LARGEST_SHARE:
            return "the outputs take more than a quarter of the cache (ini sim_cache_size)"
        if not self._cache.save_golden(key, head + b"\n" + body):
            return f"{self._cache.directory} cannot be written"
        return ""


def _inputs(document: dict[str, Any]) -> Inputs:
    return Inputs(
        tuple(Dependency(path, Stamp(*stamp), digest) for path, stamp, digest in document["files"]),
        {directory: tuple(names) for directory, names in document["absent"].items()},
        tuple((directory, digest) for directory, digest in document["listings"]),
    )


def _kept(document: dict[str, Any], body: bytes) -> KeptGolden:
    raw, start = {}, 0
    for name, nbytes in document["outputs"]:
        raw[name] = np.frombuffer(body, np.uint8, nbytes, start).copy()
        start += nbytes
    inputs = _inputs(document)
    uses = Uses(
        files=tuple(file.path for file in inputs.files),
        absent=paths_of(inputs.absent),
        directories=tuple(directory for directory, _ in inputs.listings),
        variables=document["variables"],
        modules={name: (file, state) for name, (file, state) in document["modules"].items()},
    )
    return KeptGolden(Expected(raw, tuple(document["untouched"])), uses)
