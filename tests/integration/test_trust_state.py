"""Cases that write over the simulator's own memory: one failed item each, whatever they write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import CorruptedState, KernelFault, KernelHang, RunError, Settings, run_case

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

# Writes over each shared mapping of the process, as scribble.h does.
_SCRIBBLE = """
#include "{header}"
#include <cstdlib>

{kernel}
"""

# x[0] is the seed; the kernel ends in several ways.
_FUZZ = """\
scribble(static_cast<uint64_t>(x[0]), true);
switch (static_cast<int>(x[0]) % 5) {
    case 1: *reinterpret_cast<volatile int*>(8) = 1; break;
    case 2: std::_Exit(0);
    case 3: std::exit(0);
    case 4: throw 7;
    default: for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
}"""

_INPUT_IS_A_SEED = """
PARAMS_LIST = [{{"seed": seed}} for seed in range({count})]
_make = generate_inputs


def generate_inputs(params):
    inputs = _make(params)
    inputs["x"][0] = params["seed"]
    return inputs
"""


def scribbling(directory: GoldenDir, body: str, request: pytest.FixtureRequest) -> None:
    """Gives the kernel `body` and a function scribble(seed, forced)."""
    directory.kernel_body(body)
    source = directory.path / "kernels" / "double.cpp"
    header = request.path.parents[1] / "native" / "scribble.h"
    source.write_text(_SCRIBBLE.format(header=header, kernel=source.read_text()))


def test_whatever_is_written_is_one_failed_item(
    pytester: pytest.Pytester, doubler: GoldenDir, request: pytest.FixtureRequest
) -> None:
    scribbling(doubler, _FUZZ, request)
    doubler.extend_golden(_INPUT_IS_A_SEED.format(count=30))
    result = pytester.runpytest_subprocess("--sim-hang-timeout=2", str(doubler.path))
    result.assert_outcomes(failed=30)
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(  # beyond what was allocated lies what the simulator has mapped
            """\
            volatile float* const s = static_cast<float*>(std::malloc(4 << 20));
            for (int64_t i = 0; i < 1 << 24; ++i) s[i] = 1.0f + x[i % 8];""",
            (KernelFault, KernelHang),  # or that of a thread, which then waits for ever
            id="heap-overrun",
        ),
        pytest.param("scribble(5, false);", (CorruptedState, KernelFault), id="objects-count"),
        pytest.param("scribble(2, false);\nfor (;;) {}", RunError, id="worker-count"),
        pytest.param("scribble(3, true);\nstd::_Exit(0);", RunError, id="done-and-exit"),
        pytest.param(
            "scribble(4, true);\n*reinterpret_cast<volatile int*>(8) = 1;",
            RunError,
            id="claimed-and-reported",
        ),
    ],
)
def test_state_is_overwritten(
    golden_dir: GoldenDir,
    body: str,
    error: type[Exception] | tuple[type[Exception], ...],
    request: pytest.FixtureRequest,
) -> None:
    scribbling(golden_dir, body, request)
    with pytest.raises(error) as caught:
        run_case(golden_dir.path, settings=Settings(hang_timeout=1.0))
    if isinstance(caught.value, KernelFault):
        assert caught.value.culprit.task == 0


# The report is read-only while kernels run.
_CLAIM = """\
FILE* const maps = std::fopen("/proc/self/maps", "r");
char line[512];
unsigned long begin, end;
char kind[8];
while (std::fgets(line, sizeof line, maps)) {
    if (std::sscanf(line, "%lx-%lx %7s", &begin, &end, kind) != 3 || kind[3] != 's') continue;
    if (kind[0] != 'r' || kind[1] == 'w') continue;
    *reinterpret_cast<volatile int*>(begin) = 6;
}
std::_Exit(0);"""


def test_a_kernel_cannot_claim_that_the_case_ended(
    golden_dir: GoldenDir, request: pytest.FixtureRequest
) -> None:
    scribbling(golden_dir, _CLAIM, request)
    with pytest.raises(KernelFault) as caught:
        run_case(golden_dir.path)
    culprit = caught.value.culprit
    assert (culprit.task, culprit.kernel) == (0, "double")
    assert culprit.line is not None


def test_kernels_can_write_to_little_that_is_shared(
    golden_dir: GoldenDir, request: pytest.FixtureRequest
) -> None:
    """Only what workers write all the time: what they do, and the times of their tasks."""
    scribbling(
        golden_dir,
        """\
        FILE* const maps = std::fopen("/proc/self/maps", "r");
        char line[512];
        int writable = 0;
        while (std::fgets(line, sizeof line, maps))
            if (std::strstr(line, " rw-s ")) ++writable;
        std::fclose(maps);
        if (writable > 2) std::abort();
        for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];""",
        request,
    )
    assert run_case(golden_dir.path).passed


def test_two_results_share_nothing(golden_dir: GoldenDir, request: pytest.FixtureRequest) -> None:
    """A case cannot write over what an earlier one has recorded."""
    first = run_case(golden_dir.path)
    before = first.timeline.copy()
    scribbling(golden_dir, "scribble(8, false);", request)
    with pytest.raises(RunError):
        run_case(golden_dir.path)
    assert (first.timeline == before).all()
    assert first.graph.tasks == 1
