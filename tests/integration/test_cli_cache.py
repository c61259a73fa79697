"""``a2a3sim cache``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import run_case
from pytest_a2a3sim.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.golden_dirs import GoldenDir


def output(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    assert main(["cache", *arguments]) == status
    captured = capsys.readouterr()
    return captured.err if status else captured.out


def explain(capsys: pytest.CaptureFixture[str], path: Path, *arguments: str) -> str:
    return output(capsys, "explain", str(path), *arguments)


def test_info_and_clear(
    golden_dir: GoldenDir, own_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_case(golden_dir.path)
    printed = output(capsys, "info")
    assert printed.startswith(f"directory: {own_cache}\nsize: ")
    assert "KiB of 2.0 GiB\n" in printed
    assert "  shared objects            2 " in printed
    assert output(capsys, "clear").startswith("removed ")
    assert "  shared objects            0         0 B" in output(capsys, "info")


@pytest.mark.usefixtures("own_cache")
def test_explain_a_hit(golden_dir: GoldenDir, capsys: pytest.CaptureFixture[str]) -> None:
    run_case(golden_dir.path)
    source = golden_dir.path / "kernels" / "double.cpp"
    printed = explain(capsys, source)
    assert printed.startswith(f"kernel {source}\n  would be taken from the cache\n  key ")
    assert "\n    flag: -std=c++2b\n" in printed
    assert f"\n    source path: {source}\n" in printed
    assert "files, by their content\n" in printed
    assert "/cstdint\n" in printed


@pytest.mark.usefixtures("own_cache")
def test_explain_a_golden_directory(
    golden_dir: GoldenDir, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = explain(capsys, golden_dir.path)
    assert printed.count("  would be compiled now:\n    it is not in the cache\n") == 2
    assert f"orchestration {golden_dir.path}/kernels/orchestration.cpp\n" in printed


def test_explain_misses(
    golden_dir: GoldenDir,
    own_cache: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kernel = golden_dir.path / "kernels" / "double.cpp"
    golden_dir.kernel('#include "part.h"\n' + kernel.read_text())
    header = golden_dir.path / "kernels" / "part.h"
    header.write_text("")
    run_case(golden_dir.path)

    header.write_text("// another text\n")
    assert f"now:\n    a file has changed: {header}\n" in explain(capsys, kernel)
    header.unlink()
    assert f"now:\n    a file is gone: {header}\n" in explain(capsys, kernel)
    header.write_text("")
    assert "would be taken from the cache" in explain(capsys, kernel)

    assert "    flag: is '-O1'\n" in explain(capsys, kernel, "--cxxflags=-O1")
    monkeypatch.setenv("CPATH", "/nowhere")
    assert "    environment CPATH: is '/nowhere'\n" in explain(capsys, kernel)
    monkeypatch.delenv("CPATH")

    golden_dir.kernel(kernel.read_text() + "// more\n")
    assert "    source content: was '" in explain(capsys, kernel)

    for path in own_cache.rglob("*.so"):
        path.unlink()
    orchestration = golden_dir.path / "kernels" / "orchestration.cpp"
    assert "    the object was evicted or damaged\n" in explain(capsys, orchestration)


@pytest.mark.usefixtures("own_cache")
def test_explain_what_is_no_source(
    golden_dir: GoldenDir, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = golden_dir.path / "kernels" / "other.cpp"
    assert "does not exist" in output(capsys, "explain", str(other), status=1)
    other.write_text("")
    printed = output(capsys, "explain", str(other), status=1)
    assert f"kernel_config.py does not name this source\n  {other} is not in " in printed
    (tmp_path / "elsewhere").mkdir()
    printed = output(capsys, "explain", str(tmp_path / "elsewhere"), status=1)
    assert "there is no kernel_config.py\n  above" in printed
