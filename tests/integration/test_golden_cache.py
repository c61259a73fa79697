"""``--sim-golden-cache``: expected outputs are computed again only when something changes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_a2a3sim import Settings, run_case
from pytest_a2a3sim.cli import main
from tests.golden_dirs import GOLDEN, KERNEL, KERNEL_CONFIG, ORCHESTRATION, GoldenDir

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_a2a3sim import CaseResult

SETTINGS = Settings(golden_cache=True)
INPUTS = GOLDEN.partition("def compute_golden")[0]


@dataclass(frozen=True)
class Use:
    """A golden.py that takes the factor 2 from somewhere, and files that make it 3.

    Attributes:
        body: of compute_golden; it sets ``factor``.
        head: what stands before the functions.
        files: beside golden.py at first.
        changes: files that are written later.
    """

    body: str = "factor = 2"
    head: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, str] = field(default_factory=dict)

    @property
    def golden(self) -> str:
        body = textwrap.indent(textwrap.dedent(self.body), "    ")
        head = textwrap.dedent(self.head)
        return (
            f"from pathlib import Path\nHERE = Path(__file__).parent\n{head}\n{INPUTS}\n"
            f"def compute_golden(tensors, params):\n{body}\n"
            "    tensors['out_y'][:] = factor * tensors['x']\n"
        )


def text(name: str, factor: str = "2") -> Use:
    """A golden.py that reads a file in some way."""
    return Use(name, files={"factor.txt": factor}, changes={"factor.txt": "3"})


def module(body: str, head: str = "") -> Use:
    """A golden.py that uses scale.py."""
    return Use(body, head, {"scale.py": "FACTOR = 2"}, {"scale.py": "FACTOR = 3"})


def absent(body: str) -> Use:
    """A golden.py that looks for a file which is not there."""
    return Use(body, changes={"factor.txt": "3"})


TRACKED = {
    "its own text": Use(changes={"golden.py": Use("factor = 3").golden}),
    "a module beside it": module("factor = scale.FACTOR", "import scale"),
    "a name of a module": module("factor = FACTOR", "from scale import FACTOR"),
    "a module imported late": module("from scale import FACTOR as factor"),
    "a module imported by its name": module(
        "import importlib\nfactor = importlib.import_module('sca' + 'le').FACTOR"
    ),
    "a module by its path": module(
        """
        import importlib.util
        spec = importlib.util.spec_from_file_location("other", HERE / "scale.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        factor = module.FACTOR
        """,
    ),
    "a module of a module": Use(
        "factor = parts.scale.get()",
        "import parts.scale",
        files={
            "parts/__init__.py": "",
            "parts/scale.py": "def get():\n    from .deep import FACTOR\n    return FACTOR",
            "parts/deep.py": "FACTOR = 2",
        },
        changes={"parts/deep.py": "FACTOR = 3"},
    ),
    "a module that appears": Use(
        """
        try:
            from scale import FACTOR as factor
        except ImportError:
            factor = 2
        """,
        changes={"scale.py": "FACTOR = 3"},
    ),
    "a file": text("factor = int((HERE / 'factor.txt').read_text())"),
    "a file that NumPy reads": text("factor = np.fromfile(HERE / 'factor.txt', np.uint8)[0] - 48"),
    "a file that is read at once": Use(
        "factor = FACTOR",
        "FACTOR = int((HERE / 'factor.txt').read_text())",
        files={"factor.txt": "2"},
        changes={"factor.txt": "3"},
    ),
    "a file that is a default value": Use(
        "factor = read()",
        "def read(text=(HERE / 'factor.txt').read_text()):\n    return int(text)",
        files={"factor.txt": "2"},
        changes={"factor.txt": "3"},
    ),
    "a file that is not there": absent(
        """
        try:
            factor = int((HERE / "factor.txt").read_text())
        except OSError:
            factor = 2
        """,
    ),
    "whether there is a file": absent("factor = 2 + (HERE / 'factor.txt').exists()"),
    "whether there is a file, by os.path": absent(
        "import os\nfactor = 2 + os.path.exists(HERE / 'factor.txt')"
    ),
    "names in a directory": absent("factor = 2 + len(list(HERE.glob('factor.*')))"),
    "what generate_inputs leaves behind": Use(
        "factor = LEFT[0]",
        "LEFT = []",
        files={"factor.txt": "2"},
        changes={"factor.txt": "3"},
    ),
}
LEAVES = "    LEFT[:] = [int((HERE / 'factor.txt').read_text())]\n"
UNTRACKED = {
    "draws from, or seeds, random numbers that all code shares": Use(
        "factor = 2 + 0 * np.random.rand()"
    ),
    "draws random numbers without a seed": Use("factor = 2 + 0 * np.random.default_rng().random()"),
    "draws random numbers without a seed of": Use(
        "import random\nfactor = 2 + 0 * random.Random().random()"
    ),
    "starts a process": Use("import subprocess\nsubprocess.run(['true'])\nfactor = 2"),
    "starts a thread": Use(
        "from threading import Thread\nThread(target=print).start()\nfactor = 2"
    ),
    "writes files": Use("open(HERE / 'made', 'w').close(); factor = 2"),
    "loads native code": Use("import ctypes\nctypes.CDLL('libm.so.6')\nfactor = 2"),
    "reads /dev/zero, which is not a file": Use(
        "with open('/dev/zero', 'rb') as file:\n    factor = 2 + file.read(1)[0]"
    ),
    "uses the network": Use(
        """
        import socket
        try:
            socket.create_connection(("127.0.0.1", 9), timeout=0.1)
        except OSError:
            factor = 2
        """
    ),
    "native code that may read files": Use("import cffi\nfactor = 2"),
    "the global 'LOCK' holds what cannot be compared": Use(
        "factor = 2", "import threading\nLOCK = threading.Lock()"
    ),
}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A golden directory for each use, written well before it is run; they share their kernels."""
    root = tmp_path_factory.mktemp("goldens")
    (root / "double.cpp").write_text(KERNEL)
    (root / "orchestration.cpp").write_text(ORCHESTRATION)
    made = {}
    for number, (name, use) in enumerate({**TRACKED, **UNTRACKED}.items()):
        place = made[name] = root / f"golden_{number}"
        golden = use.golden
        if "generate_inputs" in name:
            golden = golden.replace("(params):\n", f"(params):\n{LEAVES}", 1)
        config = KERNEL_CONFIG.replace('"source": "', f'"source": "{root}/')
        files = {"golden.py": golden, "kernels/kernel_config.py": config, **use.files}
        for file, content in files.items():
            (place / file).parent.mkdir(parents=True, exist_ok=True)
            (place / file).write_text(content)
    run_case(made["its own text"])  # compiles
    return made


def origins(result: CaseResult) -> str:
    assert result.facts.golden_cache is not None
    return result.facts.golden_cache


@pytest.mark.parametrize("name", TRACKED)
def test_what_is_computed_again(name: str, places: dict[str, Path]) -> None:
    results = [run_case(places[name], settings=SETTINGS) for _ in range(2)]
    assert [(origins(each), each.passed) for each in results] == [("stored", True), ("found", True)]
    for file, content in TRACKED[name].changes.items():
        (places[name] / file).write_text(content)
    changed = run_case(places[name], settings=SETTINGS)
    assert origins(changed) != "found"
    assert not changed.passed


@pytest.mark.parametrize("name", UNTRACKED)
def test_what_is_not_stored(name: str, places: dict[str, Path]) -> None:
    for _ in range(2):
        result = run_case(places[name], settings=SETTINGS)
        assert result.passed
        assert name in origins(result)


def test_environment(golden_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch) -> None:
    golden_dir.golden(Use("import os\nfactor = int(os.getenv('FACTOR', '2'))").golden)
    assert origins(run_case(golden_dir.path, settings=SETTINGS)) == "stored"
    assert origins(run_case(golden_dir.path, settings=SETTINGS)) == "found"
    monkeypatch.setenv("FACTOR", "3")
    assert not run_case(golden_dir.path, settings=SETTINGS).passed
    monkeypatch.delenv("FACTOR")
    assert run_case(golden_dir.path, settings=SETTINGS).passed


def test_inputs_and_params_are_part_of_the_key(golden_dir: GoldenDir) -> None:
    unseeded = "np.random.default_rng().standard_normal(8).astype(np.float32)"
    golden_dir.golden(GOLDEN.replace("np.arange(8, dtype=np.float32)", unseeded))
    for _ in range(3):
        result = run_case(golden_dir.path, settings=SETTINGS)
        assert (origins(result), result.passed) == ("stored", True)
    golden_dir.golden(f"{GOLDEN}    tensors['out_y'][:] += params.get('error', 0)\n")
    for error in (0.0, 1.0, 0.0, 1.0):
        result = run_case(golden_dir.path, params={"error": error}, settings=SETTINGS)
        assert result.passed == (error == 0)


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


def test_torch(golden_dir: GoldenDir) -> None:
    pytest.importorskip("torch")
    golden = GOLDEN.replace("np.arange(8, dtype=np.float32)", "torch.arange(8.0)")
    golden_dir.golden(f"import torch\n{golden.replace('np.zeros(8, dtype=np.float32)', 'W * 0')}")
    golden_dir.extend_golden("W = torch.ones(8)")
    assert origins(run_case(golden_dir.path, settings=SETTINGS)) == "stored"
    assert origins(run_case(golden_dir.path, settings=SETTINGS)) == "found"
    golden_dir.extend_golden("W = torch.zeros(8)")
    assert origins(run_case(golden_dir.path, settings=SETTINGS)) == "stored"


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


def test_command_line(golden_dir: GoldenDir, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["run", str(golden_dir.path), "--golden-cache"]
    for said in ("computed, and stored in the cache", "taken from the cache"):
        assert main(arguments) == 0
        assert f"expected outputs: {said}\n" in capsys.readouterr().out


def test_expected_outputs_are_the_same(golden_dir: GoldenDir) -> None:
    golden_dir.extend_golden(
        """
        __outputs__ = ["out_y", "x"]
        """
    )
    computed, found = (run_case(golden_dir.path, settings=SETTINGS) for _ in range(2))
    assert origins(found) == "found"
    assert computed.findings == found.findings
    assert all(
        np.array_equal(computed.expected[name], found.expected[name]) for name in ("x", "out_y")
    )
