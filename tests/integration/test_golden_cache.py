"""``--sim-golden-cache``: where expected outputs are kept, and what is said of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_a2a3sim import Settings, run_case
from pytest_a2a3sim.cli import main
from tests.integration.golden_uses import SETTINGS, origins

if TYPE_CHECKING:
    from pathlib import Path

    from tests.golden_dirs import GoldenDir


@pytest.mark.parametrize("damage", [b"", b"\n", b"0" * 64 + b"\nnothing"])
def test_damaged_entry(golden_dir: GoldenDir, own_cache: Path, damage: bytes) -> None:
    assert origins(run_case(golden_dir.path, settings=SETTINGS)) == "stored"
    (entry,) = (own_cache / "v2" / "goldens").glob("*/*")
    sound = entry.read_bytes()
    for bad in (damage, sound[:-1], sound[:-1] + bytes([sound[-1] ^ 1])):
        entry.write_bytes(bad)
        result = run_case(golden_dir.path, settings=SETTINGS)
        assert (origins(result), result.passed) == ("stored", True)
    assert origins(run_case(golden_dir.path, settings=SETTINGS)) == "found"


def test_entries_are_evicted(golden_dir: GoldenDir, own_cache: Path) -> None:
    assert origins(run_case(golden_dir.path, settings=SETTINGS)) == "stored"
    small = Settings(golden_cache=True, cache_limit=400)
    golden_dir.extend_golden("PARAMS_LIST = [{'n': 1}]")
    # A file that changed a moment ago could change again unseen: nothing is stored of it.
    os.utime(golden_dir.path / "golden.py", (1_000_000_000, 1_000_000_000))
    assert origins(run_case(golden_dir.path, settings=small)) == "stored"
    assert list((own_cache / "v2").glob("goldens/*/*")) == []
    tiny = Settings(golden_cache=True, cache_limit=64)
    assert "more than a quarter of the cache" in origins(run_case(golden_dir.path, settings=tiny))


def test_cache_that_cannot_be_written(
    golden_dir: GoldenDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("A2A3SIM_CACHE_DIR", str(tmp_path / "file" / "cache"))
    with pytest.warns(UserWarning, match="cannot be written"):
        result = run_case(golden_dir.path, settings=SETTINGS)
    assert (origins(result), result.passed) == (f"{tmp_path}/file/cache cannot be written", True)


RUN = """
import sys
from pytest_a2a3sim import Settings, run_case
run_case(sys.argv[1], settings=Settings(golden_cache=True)).check()
"""
DIES = f"""
import os, signal
from pathlib import Path
write_bytes = Path.write_bytes
def write_half(path, data):
    if path.parent.name == "tmp" and b"untouched" in data:
        write_bytes(path, data[:len(data) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
    return write_bytes(path, data)
Path.write_bytes = write_half
{RUN}
"""


@pytest.mark.usefixtures("own_cache")
def test_processes_that_store_the_same_at_once(golden_dir: GoldenDir) -> None:
    killed = subprocess.run([sys.executable, "-c", DIES, str(golden_dir.path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    command = [sys.executable, "-c", RUN, str(golden_dir.path)]
    processes = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait() for process in processes] == [0] * 3
    assert origins(run_case(golden_dir.path, settings=SETTINGS)) == "found"


def test_option(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    os.environ["A2A3SIM_CACHE_DIR"] = str(pytester.path / "cache")  # pytester puts it back
    doubler.extend_golden(
        """
        PARAMS_LIST = [{"n": n} for n in range(3)]

        def compute_golden(tensors, params, tmp_path_factory=None):
            factor = 2 + (0 if params["n"] else 0 * np.random.default_rng().random())
            tensors["out_y"][:] = factor * tensors["x"]
        """
    )
    first = pytester.runpytest("--sim-golden-cache", *plugin_args)
    first.assert_outcomes(passed=3)
    unseeded = "not stored: doubler/golden.py::n=0: compute_golden draws random numbers without*"
    first.stdout.fnmatch_lines(["3 goldens: 0 found in the cache, 3 computed, 2 stored", unseeded])
    second = pytester.runpytest("--sim-golden-cache", "--sim-json=report.json", *plugin_args)
    second.assert_outcomes(passed=3)
    second.stdout.fnmatch_lines(["3 goldens: 2 found in the cache, 1 computed, 0 stored", unseeded])
    cases = json.loads((pytester.path / "report.json").read_text())["cases"]
    assert [case["golden_cache"] for case in cases[1:]] == ["found", "found"]
    rebuilt = pytester.runpytest("--sim-golden-cache", "--sim-rebuild", *plugin_args)
    rebuilt.stdout.fnmatch_lines(["3 goldens: 0 found in the cache, 3 computed, 2 stored"])
    without = pytester.runpytest(*plugin_args)
    without.stdout.no_fnmatch_line("*goldens: *")
    doubler.kernel_body("for (int i = 0; i < 8; ++i) y[i] = 3 * x[i];")
    failed = pytester.runpytest("--sim-golden-cache", "-k", "n:1", *plugin_args)
    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines(
        ["  expected values were stored earlier; --sim-rebuild computes them again"]
    )


def test_fixtures_are_part_of_the_key(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    os.environ["A2A3SIM_CACHE_DIR"] = str(pytester.path / "cache")
    doubler.extend_golden(
        """
        import pytest

        pytestmark = [
            pytest.mark.sim(golden_cache=True), pytest.mark.parametrize("error", [0, 1])
        ]
        PARAMS_LIST = [{"n": 1}]

        def compute_golden(tensors, params, error):
            tensors["out_y"][:] = 2 * tensors["x"] + error
        """
    )
    for found in (0, 2):
        result = pytester.runpytest()
        result.assert_outcomes(passed=1, failed=1)
        result.stdout.fnmatch_lines([f"2 goldens: {found} found in the cache, *"])
    doubler.golden(
        doubler.golden_py.read_text().replace("params, error", "params, error, tmp_path")
    )
    result = pytester.runpytest()
    result.stdout.fnmatch_lines(["    fixture 'tmp_path', which is no data"])


def test_command_line(new_dir: GoldenDir, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["run", str(new_dir.path), "--golden-cache"]
    for said in ("computed, and stored in the cache", "taken from the cache"):
        assert main(arguments) == 0
        assert f"expected outputs: {said}\n" in capsys.readouterr().out


def test_expected_outputs_are_the_same(new_dir: GoldenDir) -> None:
    new_dir.extend_golden(
        """
        __outputs__ = ["out_y", "x"]
        """
    )
    computed, found = (run_case(new_dir.path, settings=SETTINGS) for _ in range(2))
    assert origins(found) == "found"
    assert computed.findings == found.findings
    assert all(
        np.array_equal(computed.expected[name], found.expected[name]) for name in ("x", "out_y")
    )
