"""Expected outputs, from where they are kept or computed now."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import platform
from typing import TYPE_CHECKING

from pytest_a2a3sim.loading.dependencies import Dependencies, are_same
from pytest_a2a3sim.loading.expected import compute_expected
from pytest_a2a3sim.loading.libraries import TRUSTED
from pytest_a2a3sim.loading.observing import Observer
from pytest_a2a3sim.loading.state import State
from pytest_a2a3sim.loading.watching import tell_watch, watching
from pytest_a2a3sim.model.uses import KeptGolden, UntrackedError, Uses

if TYPE_CHECKING:
    from pytest_a2a3sim.loading.expected import Lender
    from pytest_a2a3sim.model.case import CaseInputs, Expected
    from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec
    from pytest_a2a3sim.model.uses import GoldenStore

_FORMAT = "1"
_DATA = {"builtins", "numpy", "torch", "enum", "ml_dtypes"}

FOUND = "found"
STORED = "stored"


def stored_or_computed(
    golden: GoldenSpec,
    case: CaseSpec,
    inputs: CaseInputs,
    store: GoldenStore,
    lender: Lender | None = None,
) -> tuple[Expected, str]:
    """Expected outputs, and where they come from: ``found``, ``stored``, or why they are not.

    Raises:
        GoldenError: as :func:`compute_expected` does.
    """
    with golden.importable():
        try:
            code = _dependencies(golden)
            key = _key(golden, case, inputs, code)
            kept = store.find(key)
            if kept is not None and are_same(kept.uses.modules):
                tell_watch(kept.uses)
                return kept.expected, FOUND
        except UntrackedError as reason:
            return compute_expected(golden, case, inputs, lender), str(reason)
        observer = Observer()
        since = store.begin(str(golden.path))
        with watching(observer):
            expected = compute_expected(golden, case, inputs, lender)
        if expected.notes:
            return expected, "they are kept in data/out already"
        if expected.intermediates:
            return expected, "compute_golden returns intermediates, which are not kept"
        try:
            uses = _uses(code, observer)
        except UntrackedError as reason:
            return expected, str(reason)
        return expected, store.keep(key, KeptGolden(expected, uses), since) or STORED


def _dependencies(golden: GoldenSpec) -> Dependencies:
    if golden.scene:
        raise UntrackedError("what the methods of a scene test use is not tracked")
    return Dependencies(golden.module)


def _key(golden: GoldenSpec, case: CaseSpec, inputs: CaseInputs, code: Dependencies) -> str:
    """A digest of all that is known of a computation before it starts."""
    state = State()
    state.add("format", (_FORMAT, platform.python_version(), platform.machine(), _versions()))
    state.add("golden", (str(golden.path), inputs.outputs))
    state.add("the case's params", dict(case.params))
    for name, value in getattr(golden.compute_golden, "keywords", {}).items():
        if type(value).__module__.partition(".")[0] not in _DATA:
            raise UntrackedError(f"compute_golden gets the fixture {name!r}, which is no data")
        state.add(f"the fixture {name!r}", value)
    for name, tensor in inputs.tensors.items():
        state.add(f"the input {name!r}", (name, type(tensor.original).__name__, tensor.original))
    parts = (state.digest(), code.state, *map("=".join, code.early.items()))
    return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()


@functools.cache
def _versions() -> tuple[str, ...]:
    return tuple(map(_version, TRUSTED))


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "none"


def _uses(code: Dependencies, observer: Observer) -> Uses:
    files, absent = observer.told_apart()
    modules = code.later(files, observer.imported)
    return Uses(
        files=tuple(dict.fromkeys([*code.files, *files])),
        absent=tuple(absent),
        directories=tuple(observer.directories),
        variables=observer.variables,
        modules=modules,
    )
