"""Judgements that the processes of one run share: all of them leave out the same cases."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from pytest_a2a3sim.affected.gate import Judgement
from pytest_a2a3sim.building.store.files import checked, with_digest
from pytest_a2a3sim.building.store.fingerprint import digest_of_parts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_a2a3sim.building.store.cache import Cache


def shared(
    cache: Cache, run: str, judge: Callable[[], dict[str, Judgement]]
) -> dict[str, Judgement]:
    """What the first process of a run has judged; the others wait for it."""
    path = _path(cache, run)
    with cache.locks.lock(path.name):
        if judgements := known(cache, run):
            return judgements
        judgements = judge()
        document = {nodeid: asdict(each) for nodeid, each in judgements.items()}
        cache.write(path, with_digest(json.dumps(document).encode(errors="surrogateescape")))
        return judgements


def known(cache: Cache, run: str) -> dict[str, Judgement]:
    """What has been judged in a run."""
    data = checked(_path(cache, run))
    document = {} if data is None else json.loads(data)
    return {
        nodeid: Judgement(each["since"], tuple(each["reasons"]), each["seconds"])
        for nodeid, each in document.items()
    }


def _path(cache: Cache, run: str) -> Path:
    return cache.path("runs", digest_of_parts((("run", run),)))
