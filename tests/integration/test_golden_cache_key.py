"""When ``--sim-golden-cache`` computes expected outputs again, and when it does not store them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import run_case
from tests.golden_dirs import GOLDEN
from tests.integration import golden_uses
from tests.integration.golden_uses import SETTINGS, TRACKED, UNTRACKED, Use, origins

if TYPE_CHECKING:
    from pathlib import Path

    from tests.golden_dirs import GoldenDir


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """They are written well before they are run, and compiled."""
    made = golden_uses.create(tmp_path_factory.mktemp("goldens"))
    run_case(made["its own text"])
    return made


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


def test_environment(new_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch) -> None:
    new_dir.golden(Use("import os\nfactor = int(os.getenv('FACTOR', '2'))").golden)
    assert origins(run_case(new_dir.path, settings=SETTINGS)) == "stored"
    assert origins(run_case(new_dir.path, settings=SETTINGS)) == "found"
    monkeypatch.setenv("FACTOR", "3")
    assert not run_case(new_dir.path, settings=SETTINGS).passed
    monkeypatch.delenv("FACTOR")
    assert run_case(new_dir.path, settings=SETTINGS).passed


def test_inputs_and_params_are_part_of_the_key(new_dir: GoldenDir) -> None:
    unseeded = "np.random.default_rng().standard_normal(8).astype(np.float32)"
    new_dir.golden(GOLDEN.replace("np.arange(8, dtype=np.float32)", unseeded))
    for _ in range(3):
        result = run_case(new_dir.path, settings=SETTINGS)
        assert (origins(result), result.passed) == ("stored", True)
    new_dir.golden(f"{GOLDEN}    tensors['out_y'][:] += params.get('error', 0)\n")
    for error in (0.0, 1.0, 0.0, 1.0):
        result = run_case(new_dir.path, params={"error": error}, settings=SETTINGS)
        assert result.passed == (error == 0)


def test_torch(new_dir: GoldenDir) -> None:
    pytest.importorskip("torch")
    golden = GOLDEN.replace("np.arange(8, dtype=np.float32)", "torch.arange(8.0)")
    new_dir.golden(f"import torch\n{golden.replace('np.zeros(8, dtype=np.float32)', 'W * 0')}")
    new_dir.extend_golden("W = torch.ones(8)")
    assert origins(run_case(new_dir.path, settings=SETTINGS)) == "stored"
    assert origins(run_case(new_dir.path, settings=SETTINGS)) == "found"
    new_dir.extend_golden("W = torch.zeros(8)")
    assert origins(run_case(new_dir.path, settings=SETTINGS)) == "stored"
