from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim.loading.kernel_config import load_kernel_config
from pytest_a2a3sim.model.errors import GoldenError
from pytest_a2a3sim.model.spec import RuntimeConfig

if TYPE_CHECKING:
    from pathlib import Path

KERNELS = 'KERNELS = [{"func_id": 0, "source": "k.cpp", "core_type": "aic"}]\n'
ORCHESTRATION = 'ORCHESTRATION = {"source": "o.cpp", "function_name": "build"}\n'


def load(directory: Path, text: str):  # type: ignore[no-untyped-def]  # noqa: ANN201
    (directory / "kernel_config.py").write_text(text)
    return load_kernel_config(directory)


def test_everything_that_can_be_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDK", "/opt/sdk")
    config = load(
        tmp_path,
        """
from pathlib import Path
KERNELS = [
    {"func_id": 40, "name": "QK", "source": Path("aic") / "qk.cpp", "core_type": "AIC",
     "entry": "qk", "cxxflags": ["-O1"], "include_dirs": ["inc", "$SDK/include"],
     "defines": {"TILE": 16, "FAST": None, "YES": True, "NO": False}, "signature": ["IN"]},
    {"func_id": 1, "source": "/abs/sf.cpp", "core_type": "aiv"},
]
ORCHESTRATION = {"source": "o.cpp", "function_name": "build"}
RUNTIME_CONFIG = {"runtime": "host_build_graph", "aicpu_thread_num": 4, "block_dim": 8}
RUNTIME_ENV = {"X": "1"}
""",
    )
    qk, sf = config.kernels
    assert (qk.func_id, qk.name, qk.core_type, qk.entry) == (40, "QK", "aic", "qk")
    assert qk.compile.source == tmp_path / "aic" / "qk.cpp"
    assert qk.compile.cxxflags == ("-O1",)
    assert qk.compile.include_dirs == (str(tmp_path / "inc"), "/opt/sdk/include")
    assert qk.compile.defines == (("TILE", "16"), ("FAST", ""), ("YES", "1"), ("NO", "0"))
    assert (sf.name, sf.core_type, str(sf.compile.source)) == ("sf", "aiv", "/abs/sf.cpp")
    assert config.runtime == RuntimeConfig("host_build_graph", 4, 8)
    assert config.notes == ()


def test_runtime_config_is_optional(tmp_path: Path) -> None:
    assert load(tmp_path, KERNELS + ORCHESTRATION).runtime.block_dim == 24


def test_unknown_keys_are_noted(tmp_path: Path) -> None:
    config = load(tmp_path, KERNELS + ORCHESTRATION + 'RUNTIME_CONFIG = {"blockdim": 3}')
    assert len(config.notes) == 1
    assert "RUNTIME_CONFIG has unknown keys, which are ignored: blockdim" in config.notes[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ORCHESTRATION, r"KERNELS must be a non-empty list of dicts; got nothing"),
        ("KERNELS = []\n" + ORCHESTRATION, r"KERNELS must be a non-empty list"),
        ("KERNELS = [3]\n" + ORCHESTRATION, r"KERNELS\[0\] must be a dict; got 3 \(int\)"),
        (KERNELS, r"ORCHESTRATION must be a dict; got nothing"),
        (
            KERNELS.replace('"func_id": 0', '"func_id": "0"') + ORCHESTRATION,
            r"KERNELS\[0\]\[\"func_id\"\] must be an int; got '0' \(str\)",
        ),
        (
            KERNELS.replace('"func_id": 0', '"func_id": -1') + ORCHESTRATION,
            r"func_id\"\] must be 0\.\.2147483647; got -1",
        ),
        (
            KERNELS.replace("aic", "gpu") + ORCHESTRATION,
            r"core_type\"\] must be \"aic\" or \"aiv\"; got 'gpu'",
        ),
        (
            KERNELS.replace("}]", '}, {"func_id": 0, "source": "l.cpp", "core_type": "aiv"}]')
            + ORCHESTRATION,
            r"func_id 0 is used twice, by 'k' and 'l'",
        ),
        (
            KERNELS.replace('"source": "k.cpp", ', "") + ORCHESTRATION,
            r"KERNELS\[0\]\[\"source\"\] must be a path; got nothing",
        ),
        (
            KERNELS.replace("}]", ', "cxxflags": "-O1"}]') + ORCHESTRATION,
            r"cxxflags\"\] must be a list of strings; got '-O1'",
        ),
        (
            KERNELS.replace("}]", ', "defines": ["A"]}]') + ORCHESTRATION,
            r"defines\"\] must be a dict",
        ),
        (
            KERNELS + 'ORCHESTRATION = {"source": "o.cpp"}',
            r"ORCHESTRATION\[\"function_name\"\] must be a non-empty string; got nothing",
        ),
        (
            KERNELS + ORCHESTRATION + 'RUNTIME_CONFIG = {"block_dim": 37}',
            r"block_dim\"\] must be 1\.\.36; got 37",
        ),
        (
            KERNELS + ORCHESTRATION + 'RUNTIME_CONFIG = {"block_dim": True}',
            r"block_dim\"\] must be an int; got True",
        ),
        (
            KERNELS + ORCHESTRATION + 'RUNTIME_CONFIG = {"aicpu_thread_num": -1}',
            r"aicpu_thread_num\"\] must be 0\.\.7; got -1",
        ),
        (
            KERNELS + ORCHESTRATION + 'RUNTIME_CONFIG = {"runtime": "tensormap"}',
            r"must be one of the runtimes that are simulated: .*; got 'tensormap'",
        ),
        ("KERNELS = [", r"kernel_config.py cannot be loaded: SyntaxError"),
    ],
)
def test_bad_config(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(GoldenError) as caught:
        load(tmp_path, text)
    assert re.search(message, caught.value.message)
    assert str(tmp_path / "kernel_config.py") in str(caught.value)
