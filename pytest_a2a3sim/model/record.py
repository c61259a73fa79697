"""The records that every report is made from.

They are plain data, as JSON has it and as it travels from xdist workers;
``reporting/report.schema.json`` is their documented form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from pytest_a2a3sim.model.baseline_record import RegressionRecord
    from pytest_a2a3sim.model.checks import Check
    from pytest_a2a3sim.model.graph_record import GraphRecord


class DiagnosisRecord(TypedDict):
    """What the mismatches of a tensor look like."""

    kind: str
    text: str


class TensorRecord(TypedDict):
    """The comparison of one output; errors that are infinite are the string ``"inf"``."""

    name: str
    shape: list[int]
    dtype: str
    status: str
    size: int
    matched: int
    rtol: float
    atol: float
    max_abs_error: float | str
    max_abs_index: list[int] | None
    max_rel_error: float | str
    max_rel_index: list[int] | None
    max_ulp_error: int
    max_ulp_index: list[int] | None
    diagnoses: list[DiagnosisRecord]


class IntermediateRecord(TensorRecord):
    """The comparison of described device memory, as a task left it."""

    task: int
    kernel: str
    changed: bool


class FailureRecord(TypedDict):
    """Why a case failed, and where, as far as it is known."""

    kind: str
    message: str
    task: int | None
    kernel: str | None
    func_id: int | None
    core: str | None
    source: str | None
    line: int | None
    buffer: int | None
    offset: int | None


class KernelRecord(TypedDict):
    """The tasks of one kernel together."""

    kernel: str | None
    func_id: int
    tasks: int
    seconds: float


class SourceRecord(TypedDict):
    """A line of a source."""

    file: str
    line: int | None


class WitnessRunRecord(TypedDict):
    """A run with the tasks of a race in one order."""

    schedule: str
    mismatched: list[str]
    failure: str | None
    message: str | None


class WitnessDifferenceRecord(TypedDict):
    """An output of which the two orders of a race leave other bytes."""

    tensor: str
    count: int
    size: int
    first: list[int]
    values: list[str]
    largest: float | str


class WitnessRecord(TypedDict):
    """What the two orders of a race do to the outputs."""

    shows: bool
    repeated: bool
    runs: list[WitnessRunRecord]
    differences: list[WitnessDifferenceRecord]


class CoreStepRecord(TypedDict):
    """What a core was told to do around a finding."""

    kind: str
    pipe: str
    destination: str | None
    event: int | None
    name: str
    source: SourceRecord | None


class FindingRecord(TypedDict):
    """Something that the sanitizer has found."""

    check: str
    kind: str
    space: str
    tasks: list[int]
    kernels: list[str]
    sources: list[SourceRecord | None]
    buffer: int | None
    tensor: str | None
    offset: int
    bytes: int
    submissions: list[SourceRecord | None]
    mend: str
    edge: list[int] | None
    consequence: bool
    count: int
    instructions: list[str]
    pipes: list[str]
    stream: list[CoreStepRecord]
    witness: WitnessRecord | None


class SuppressionRecord(TypedDict):
    """How many findings of a case a suppression left out; ``file`` is None for the session's."""

    check: Check | None
    kernels: list[str]
    tensor: str | None
    reason: str
    file: str | None
    findings: int


class SanitizerRecord(TypedDict):
    """What the sanitizer looked at and found; ``total`` findings, of which some are listed."""

    checks: list[str]
    tasks: int
    accesses: int
    bytes: int
    blind_bytes: int
    instructions: int
    undecided: int
    exchanging: int
    suppressed: int
    total: int
    findings: list[FindingRecord]
    suppressions: list[SuppressionRecord]


class DumpedArgumentRecord(TypedDict):
    """An argument of a dumped task; files are relative to the dump's directory."""

    index: int
    value: int
    name: str | None
    dtype: str | None
    shape: list[int] | None
    buffer: int | None
    offset: int | None
    changed: bool
    found: str | None
    left: str | None


class DumpedTaskRecord(TypedDict):
    """A dumped task."""

    task: int
    kernel: str
    func_id: int
    finished: bool
    arguments: list[DumpedArgumentRecord]


class DumpRecord(TypedDict):
    """What tasks found and left in their arguments, as files."""

    directory: str
    bytes: int
    left_out: int
    problem: str | None
    tasks: list[DumpedTaskRecord]


class CaseRecord(TypedDict):
    """One case."""

    nodeid: str
    golden: str
    case: str
    params: dict[str, Any]
    outcome: str
    seconds: float
    failure: FailureRecord | None
    tensors: list[TensorRecord]
    intermediates: list[IntermediateRecord]
    graph: GraphRecord | None
    phases: dict[str, float]
    kernels: list[KernelRecord]
    peak_rss_bytes: int | None
    compiled: int | None
    cache_hits: int | None
    compiler: str | None
    golden_cache: str | None
    findings: list[str]
    notes: list[str]
    defaults: list[str]
    seed: int | None
    sanitizer: SanitizerRecord | None
    dump: DumpRecord | None
    regressions: list[RegressionRecord] | None


class CollectionErrorRecord(TypedDict):
    """A golden directory that has no cases because it cannot be read."""

    nodeid: str
    message: str


class SanitizerTotalsRecord(TypedDict):
    """Sums over the sanitized cases of a session."""

    checks: list[str]
    cases: int
    tasks: int
    accesses: int
    bytes: int
    blind_bytes: int
    instructions: int
    undecided: int
    exchanging: int
    suppressed: int
    findings: int


class TotalsRecord(TypedDict):
    """Sums over the cases of a session; None where no case knows."""

    cases: int
    passed: int
    failed: int
    skipped: int
    tensors: int
    elements: int
    tasks: int
    findings: int
    compiled: int | None
    cache_hits: int | None
    sanitizer: SanitizerTotalsRecord | None


class SessionRecord(TypedDict):
    """The document of ``--sim-json``."""

    schema: int
    version: str
    python: str
    machine: str
    started: float
    seconds: float
    exit_status: int
    totals: TotalsRecord
    cases: list[CaseRecord]
    collection_errors: list[CollectionErrorRecord]
