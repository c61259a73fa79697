"""What generated and later forms of kernel_config.py say, and where the file lies."""

from __future__ import annotations

import sys
import types
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import BuildError, GoldenError, run_case
from pytest_a2a3sim.loading.golden import load_golden
from pytest_a2a3sim.loading.inputs import make_inputs
from pytest_a2a3sim.model.chip import CHIPS, parse_platform
from pytest_a2a3sim.model.settings import Settings
from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_a2a3sim.model.spec import KernelConfig

PTO_FORM = """
from pathlib import Path
from simpler.task_interface import ArgDirection as _D

_ROOT_DIR = Path(__file__).parent
RUNTIME_CONFIG = {"runtime": "tensormap_and_ringbuffer", "aicpu_thread_num": 0}
ORCHESTRATION = {
    "source": str(_ROOT_DIR / "orchestration" / "sum.cpp"),
    "function_name": "aicpu_orchestration_entry",
    "signature": [_D.IN, _D.OUT, _D.INOUT],
}
KERNELS = [
    {"func_id": 0, "name": "sum", "source": "kernels/aiv/sum.cpp", "core_type": "aiv",
     "external": True, "extra_include_dirs": ["kernels/include"], "signature": [_D.IN, _D.OUT]},
]
"""
TAKES = """
import numpy as np

def generate_inputs(params):
    import ctypes
    arrays = [(name, np.zeros(4, np.float32)) for name in "abc"]
    return [*arrays, ("n", ctypes.c_int64(4))]

def compute_golden(tensors, params=None):
    pass
"""


@pytest.fixture
def generated(tmp_path: Path) -> GoldenDir:
    directory = GoldenDir(tmp_path / "sum@a2a3@planner")
    directory.golden(TAKES)
    directory.add("kernel_config.py", PTO_FORM)
    return directory


def load(directory: GoldenDir) -> KernelConfig:
    return load_golden(directory.golden_py).config


def refused(directory: GoldenDir) -> str:
    with pytest.raises(GoldenError) as caught:
        load(directory)
    text = str(caught.value)
    assert len(text.splitlines()[0]) <= 100
    return text


def test_pypto_form(generated: GoldenDir) -> None:
    config = load(generated)
    assert config.path == generated.path / "kernel_config.py"
    assert config.orchestration.compile.source == generated.path / "orchestration" / "sum.cpp"
    assert config.orchestration.signature == ("IN", "OUT", "INOUT")
    assert config.runtime.aicpu_thread_num == 0
    kernel = config.kernels[0]
    assert kernel.compile.include_dirs == (str(generated.path / "kernels" / "include"),)
    assert kernel.signature == ("IN", "OUT")
    assert config.notes == ()


def test_config_in_kernels_goes_before_one_beside(generated: GoldenDir) -> None:
    generated.kernel_config(PTO_FORM)
    assert load(generated).path == generated.path / "kernels" / "kernel_config.py"


def test_module_of_before_april(generated: GoldenDir) -> None:
    generated.add("kernel_config.py", PTO_FORM.replace("simpler.task_interface", "task_interface"))
    assert load(generated).kernels[0].signature == ("IN", "OUT")
    assert "task_interface" not in sys.modules


def test_nothing_of_the_stand_in_stays(generated: GoldenDir) -> None:
    before = {name: sys.modules[name] for name in sys.modules if name.startswith("simpler")}
    load(generated)
    after = {name: sys.modules[name] for name in sys.modules if name.startswith("simpler")}
    assert after == before


def test_real_module_goes_before_the_stand_in(
    generated: GoldenDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = types.ModuleType("simpler.task_interface")
    real.ArgDirection = types.SimpleNamespace(  # type: ignore[attr-defined]
        IN=types.SimpleNamespace(name="OUT"), OUT=types.SimpleNamespace(name="OUT"), INOUT="INOUT"
    )
    monkeypatch.setitem(sys.modules, "simpler", types.ModuleType("simpler"))
    monkeypatch.setitem(sys.modules, "simpler.task_interface", real)
    assert load(generated).orchestration.signature == ("OUT", "OUT", "INOUT")
    assert sys.modules["simpler.task_interface"] is real


def test_real_module_that_is_not_built_is_stood_in_for(
    generated: GoldenDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = generated.path.parent / "checkout"
    generated.add("../checkout/simpler/__init__.py", "")
    generated.add("../checkout/simpler/task_interface.py", "import _a_module_that_is_not_built")
    monkeypatch.syspath_prepend(root)
    assert load(generated).orchestration.signature == ("IN", "OUT", "INOUT")
    assert "simpler.task_interface" not in sys.modules


def test_outputs_by_signature(generated: GoldenDir) -> None:
    spec = load_golden(generated.golden_py)
    assert make_inputs(spec, spec.cases[0]).outputs == ("b", "c")
    generated.extend_golden('__outputs__ = ["a"]')
    spec = load_golden(generated.golden_py)
    assert make_inputs(spec, spec.cases[0]).outputs == ("a",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "[_D.IN, _D.OUT, _D.INOUT]",
            '["IN", 3]',
            'ORCHESTRATION["signature"][1] must be an ArgDirection; got 3 (int)\n',
        ),
        ("[_D.IN, _D.OUT]}", '"IN"}', 'KERNELS[0]["signature"] must be a list of ArgDirection'),
        (
            '"aicpu_thread_num": 0',
            '"requires_comm": True, "n_devices": 4',
            "this directory needs 4 cards that talk to each other, and one is simulated\n",
        ),
        (
            '"aicpu_thread_num": 0',
            '"enable_sdma": True',
            "these kernels use the SDMA workspace, which is not modelled\n",
        ),
        ('"aicpu_thread_num": 0', '"aicpu_thread_num": 8', "must be 0..7; got 8 (int)\n"),
        ("KERNELS", 'COMPILER = ["g++"]\nKERNELS', "COMPILER must be a non-empty string; got "),
        ("KERNELS", "COMPILER = 'a \"b'\nKERNELS", "COMPILER must be a command (No closing quot"),
    ],
)
def test_what_cannot_be(generated: GoldenDir, old: str, new: str, message: str) -> None:
    generated.add("kernel_config.py", PTO_FORM.replace(old, new, 1))
    text = refused(generated)
    assert message in text
    assert str(generated.path / "kernel_config.py") in text


def test_cards_that_each_do_the_same_are_noted(generated: GoldenDir) -> None:
    generated.add("kernel_config.py", PTO_FORM.replace("0}", '0, "n_devices": 2}', 1))
    (note,) = load(generated).notes
    assert "n_devices is 2, and without requires_comm each card does the same" in note


@pytest.mark.parametrize(
    ("meta", "platform"),
    [
        ('{"platform": "a5sim", "backend_type": "Ascend950"}', "a5"),
        ('{"platform": null, "backend_type": "Ascend950"}', "a5"),
        ('{"platform": "a2a3"}', "a2a3"),
        ('{"platform": "a9"}', None),
        ("[]", None),
        ("{", None),
    ],
)
def test_platform_of_a_generated_directory(
    generated: GoldenDir, meta: str, platform: str | None
) -> None:
    generated.add("compiled_meta.json", meta)
    config = load(generated)
    assert config.platform == platform
    assert Settings().platform_of(config) == (platform or "a2a3")
    assert Settings(platform="a5").platform_of(config) == "a5"


@pytest.mark.parametrize(("key", "number"), [("block_dim", 36), ("aicpu_thread_num", 7)])
def test_chips_have_limits(generated: GoldenDir, key: str, number: int) -> None:
    generated.add(
        "kernel_config.py", PTO_FORM.replace('"aicpu_thread_num": 0', f'"{key}": {number}')
    )
    with pytest.raises(GoldenError) as caught:
        run_case(generated.path)
    text = str(caught.value)
    assert f'RUNTIME_CONFIG["{key}"] must be at most ' in text
    assert f" on a2a3; got {number}\n" in text
    assert "--sim-platform=a5 " in text
    with pytest.raises(BuildError, match=r"sum\.cpp"):  # there are none
        run_case(generated.path, settings=Settings(platform="a5"))


def test_names_of_chips() -> None:
    assert [parse_platform(name) for name in ("a2a3", "a5", "a2a3sim", "a5sim")] == [
        *CHIPS,
        *CHIPS,
    ]
    with pytest.raises(ValueError, match="must be one of a2a3, a5"):
        parse_platform("a4")
