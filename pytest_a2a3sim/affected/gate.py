"""Whether a case has passed with everything that it depends on as it is now."""

from __future__ import annotations

import functools
import os
import platform
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.depends import compiler_parts, package_digest, sources_of
from pytest_a2a3sim.building.store.fingerprint import Digests
from pytest_a2a3sim.building.store.inputs import observed
from pytest_a2a3sim.building.store.passes import Pass, Passes, without_root
from pytest_a2a3sim.loading.libraries import is_library_file
from pytest_a2a3sim.model.errors import BuildError
from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.model.stable_text import stable_text
from pytest_a2a3sim.model.uses import UntrackedError
from pytest_a2a3sim.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pytest_a2a3sim.building.builder import Builder
    from pytest_a2a3sim.building.store.cache import Cache
    from pytest_a2a3sim.building.store.manifest import Part
    from pytest_a2a3sim.model.case import Instrumentation
    from pytest_a2a3sim.model.result import CaseFacts
    from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec
    from pytest_a2a3sim.model.uses import Uses

_FORMAT = "1"
_LONGEST = 60  # characters of a value that has changed


@frozen
class Candidate:
    """A case that may be left out.

    Attributes:
        nodeid: names it.
        golden: what it is a case of, with its marks.
        case: which one.
    """

    nodeid: str
    golden: GoldenSpec
    case: CaseSpec


@frozen
class Ran:
    """How a case has passed.

    Attributes:
        facts: of its run.
        instrumentation: of the objects that ran.
        uses: what its Python code has used.
        started_ns: files that changed later may not be what ran.
        seconds: how long it took.
    """

    facts: CaseFacts
    instrumentation: Instrumentation
    uses: Uses
    started_ns: int
    seconds: float


@frozen
class Judgement:
    """Whether a case can be left out.

    Attributes:
        since: when it passed with everything as it is, in seconds since the epoch; 0 if never.
        reasons: why it has to run; none if it need not.
        seconds: how long it took when it passed last; None where that is not known.
    """

    since: float = 0.0
    reasons: tuple[str, ...] = ()
    seconds: float | None = None


class Gate:
    """Judges the cases of a session, and keeps those that pass."""

    def __init__(
        self,
        builder: Builder,
        root: Path,
        parts: Sequence[Part],
        until: float,
        since: float = 0.0,
    ) -> None:
        """Looks at nothing yet.

        Args:
            builder: of the session.
            root: of the tests; what lies below it may lie elsewhere in another checkout.
            parts: what is known of the session and decides about cases.
            until: passes that were kept later do not count, in seconds since the epoch.
            since: nor do those that were kept before.
        """
        self._builder = builder
        self._root = root
        self._parts = (*_parts_of_python(builder.cache), *parts)
        self._until = until
        self._since = since
        self._passes = Passes(builder.cache, root)

    @property
    def cache(self) -> Cache:
        """Where passes are kept."""
        return self._builder.cache

    def judge(self, candidate: Candidate) -> Judgement:
        """Whether a case can be left out."""
        passes = [
            passed
            for passed in self._passes.of(candidate.nodeid)
            if self._since <= passed.stored <= self._until
        ]
        nearest: tuple[str, ...] | None = None
        for passed in passes:
            reasons = self._reasons(candidate, passed)
            if not reasons:
                self._passes.used(candidate.nodeid, passed)
                return Judgement(passed.stored, (), passed.seconds)
            if nearest is None or len(reasons) < len(nearest):
                nearest = reasons
        seconds = passes[0].seconds if passes else None
        if why_not := self._passes.why_not(candidate.nodeid):
            return Judgement(reasons=(f"its last pass is not kept: {why_not}",), seconds=seconds)
        return Judgement(reasons=nearest or ("no pass of it is known",), seconds=seconds)

    def keep(self, candidate: Candidate, ran: Ran) -> None:
        """Keeps a case that has passed."""
        nodeid, facts, uses = candidate.nodeid, ran.facts, ran.uses
        try:
            files = observed(uses, Digests(), ran.started_ns, "it")
            units, objects = self._builder.units(
                candidate.golden.config, ran.instrumentation, facts.compiler
            )
            sources = sources_of(units, objects, facts.objects, self._builder.environment)
        except (UntrackedError, BuildError) as reason:
            self.refuse(nodeid, str(reason).split("\n", 1)[0])
            return
        variables = {name: os.environ.get(name) for name in sources.variables} | {**uses.variables}
        passed = Pass(
            parts=self._parts_of(candidate, facts.compiler),
            python=self._passes.keep_inputs(files),
            sources=tuple(map(self._passes.keep_inputs, sources.inputs)),
            variables={name: self._shown(text) for name, text in variables.items()},
            compiler=facts.compiler,
            stored=time.time(),
            seconds=round(ran.seconds, 6),
        )
        self._passes.keep(nodeid, passed)

    def refuse(self, nodeid: str, reason: str) -> None:
        """Notes why a case that has passed is not kept."""
        self._passes.refuse(nodeid, self._short(reason))

    def _reasons(self, candidate: Candidate, passed: Pass) -> tuple[str, ...]:
        """What is not as it was when the case passed."""
        try:
            parts = self._parts_of(candidate, passed.compiler)
        except BuildError as error:
            return (str(error).split("\n", 1)[0],)
        variables = {name: self._shown(os.environ.get(name)) for name in passed.variables}
        changes = [
            *self._passes.changes(passed.python, "Python"),
            *(
                each
                for name in passed.sources
                for each in self._passes.changes(name, "the compiler")
            ),
        ]
        return (
            *_differences(passed.parts, parts),
            *(
                f"the environment variable {name}: was {passed.variables[name]!r}, is {text!r}"
                for name, text in variables.items()
                if text != passed.variables[name]
            ),
            *map(self._short, dict.fromkeys(changes)),
        )

    def _parts_of(self, candidate: Candidate, compiler: str | None) -> tuple[Part, ...]:
        golden = candidate.golden
        first = self._compiler_parts(golden.config.compiler)
        return without_root(
            (
                *self._parts,
                ("case", candidate.nodeid),
                ("params", stable_text(dict(candidate.case.params))),
                *((f"mark sim {name}", str(value)) for name, value in golden.options.items()),
                *(("mark sim_sanitize", check) for check in golden.sanitize),
                *first,
                *(self._compiler_parts(compiler) if compiler else ()),
            ),
            self._root,
        )

    @functools.cache  # noqa: B019 - it lives as long as the session
    def _compiler_parts(self, compiler: str | None) -> tuple[Part, ...]:
        return compiler_parts(self._builder.environment, self._builder.cache, compiler)

    def _shown(self, text: str | None) -> str | None:
        return None if text is None else without_root([("", text)], self._root)[0][1]

    def _short(self, text: str) -> str:
        return text.replace(f"{self._root}/", "")


def _parts_of_python(cache: Cache) -> tuple[Part, ...]:
    return (
        ("format", _FORMAT),
        ("pytest-a2a3sim", __version__),
        ("pytest-a2a3sim's files", package_digest(cache)),
        ("Python", f"{platform.python_version()} {platform.machine()}"),
        *(("package", name) for name in _packages()),
    )


@functools.cache
def _packages() -> tuple[str, ...]:
    """Installed packages with their versions, as their directories are named."""
    names = set[str]()
    for directory in sys.path:
        if is_library_file(f"{directory}/"):
            try:
                listed = os.listdir(directory)  # noqa: PTH208 - names, not paths
            except OSError:
                continue
            names.update(name for name in listed if name.endswith((".dist-info", ".egg-info")))
    return tuple(sorted(name.rpartition(".")[0] for name in names))


def _differences(before: Sequence[Part], now: Sequence[Part]) -> Iterable[str]:
    """How parts differ, in words."""
    gone, new = Counter(before) - Counter(now), Counter(now) - Counter(before)
    counted = Counter(label for label, _ in (*gone, *new))
    told = set[str]()
    for label, text in new:
        earlier = [value for name, value in gone if name == label]
        if len(earlier) == 1 and counted[label] == 2:  # noqa: PLR2004 - it and the other
            told.add(label)
            yield f"{label}: was {_brief(earlier[0])}, is {_brief(text)}"
        else:
            yield f"{label}: {_brief(text)} is new"
    for label, text in gone:
        if label not in told:
            yield f"{label}: {_brief(text)} is gone"


def _brief(text: str) -> str:
    line = text.strip().replace("\n", " ")
    return repr(line if len(line) <= _LONGEST else f"{line[:_LONGEST]}...")
