"""Suppressions without a meaning: the error says what is wrong, and what is accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import GoldenError, run_case
from tests.integration.racing import CONFIG
from tests.words import without_breaks

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

FIRST = "SUPPRESSIONS[0] is wrong: "
NO_KERNELS = f"{FIRST}kernels must be the name of a kernel or a pair of them; got "


@pytest.mark.parametrize(
    ("suppressions", "problem"),
    [
        ("3", "SUPPRESSIONS must be a list of dicts; got 3"),
        ("['racecheck']", "SUPPRESSIONS[0] must be a dict; got 'racecheck'"),
        (
            "[{'kernel': 'add', 'reason': 'adds'}]",
            "SUPPRESSIONS[0] has no key 'kernel': it knows check, kernels, tensor, reason",
        ),
        ("[{'reason': 'adds'}]", "SUPPRESSIONS[0] lacks 'kernels'"),
        ("[{'kernels': 'add'}]", "SUPPRESSIONS[0] lacks 'reason'"),
        (
            "[{'kernels': 'add', 'reason': ' '}]",
            f"{FIRST}reason must say why the findings are no problem; got ' '",
        ),
        (
            "[{'kernels': 'add', 'reason': 'adds', 'check': 'races'}]",
            f"{FIRST}check must be memcheck, racecheck, initcheck, synccheck or all; got 'races'",
        ),
        (
            "[{'kernels': ['add', 'add', 'add'], 'reason': 'adds'}]",
            f"{NO_KERNELS}('add', 'add', 'add')",
        ),
        ("[{'kernels': [], 'reason': 'adds'}]", f"{NO_KERNELS}()"),
        ("[{'kernels': 3, 'reason': 'adds'}]", f"{NO_KERNELS}(3,)"),
        (
            "[{'kernels': 'add', 'reason': 'adds', 'tensor': 3}]",
            f"{FIRST}tensor must be the name of a host tensor; got 3",
        ),
        (
            "[{'kernels': 'add', 'reason': 'adds'}, {'kernels': 'sub', 'reason': 'no'}]",
            "SUPPRESSIONS[1] names 'sub', which is no kernel of KERNELS: 'double', 'add'",
        ),
    ],
)
def test_in_kernel_config(golden_dir: GoldenDir, suppressions: str, problem: str) -> None:
    golden_dir.kernel_config(f"{CONFIG}\nSUPPRESSIONS = {suppressions}\n")
    with pytest.raises(GoldenError) as caught:
        run_case(golden_dir.path)
    first, accepted, where = caught.value.message.splitlines()
    assert first == f"kernel_config.py: {problem}"
    assert accepted.startswith('  a suppression is a dict with "kernels" (a name, or a pair')
    assert where == f"  in {golden_dir.path}/kernels/kernel_config.py"


@pytest.mark.parametrize(
    "line",
    [
        "racecheck QK SF out",
        "racecheck QK SF out:",
        "QK SF: both add",
        "racecheck: both add",
        "racecheck * SF: both add",
        "racecheck QK SF out more: both add",
        ": both add",
    ],
)
def test_in_an_ini_file(pytester: pytest.Pytester, line: str) -> None:
    pytester.makeini(f"[pytest]\nsim_suppressions =\n    {line}\n")
    result = pytester.runpytest()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert without_breaks(result.stderr.str()) == without_breaks(
        "ERROR: ini sim_suppressions must be `CHECK KERNEL [KERNEL [TENSOR]]: REASON`, such as "
        "`racecheck QK SF out: both add`; CHECK is memcheck, racecheck, initcheck, synccheck or "
        f"all, and a second KERNEL may be * for any or none; got {line!r}"
    )
