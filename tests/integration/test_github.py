"""GitHub Actions: a Markdown summary, and annotations where the error is."""

from __future__ import annotations

import pytest

from tests.golden_dirs import GoldenDir
from tests.integration import outcomes


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_summary_and_annotations(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: str
) -> None:
    summary = pytester.path / "summary.md"
    summary.write_text("from an earlier step\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    outcomes.create(pytester.path / "doubler")
    result = pytester.runpytest(workers)

    text = summary.read_text()
    assert text.startswith("from an earlier step\n## ❌ a2a3sim: 1 of 4 cases passed\n")
    assert "| `doubler/golden.py::wrong` | mismatch | out_y 4/8 matched |" in text
    assert "out_y: FAIL (4/8 elements matched)" in text
    result.stdout.fnmatch_lines_random(
        [
            "::error file=doubler/golden.py,title=mismatch%3A doubler/golden.py%3A%3Awrong::"
            "1 of 1 output tensors do not match: out_y%0Aout_y: only the tail is wrong: *",
            "::error file=doubler/kernels/double.cpp,title=kernel-fault%3A *::kernel 'double' *",
        ]
    )


def test_compiler_error_is_annotated_at_its_line(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    directory = GoldenDir.create(pytester.path / "doubler")
    directory.kernel("int f() {\n  return missing;\n}\n")
    result = pytester.runpytest()
    result.stdout.fnmatch_lines(["::error file=doubler/kernels/double.cpp,line=2,title=build-err*"])


def test_nothing_elsewhere(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    outcomes.create(pytester.path / "doubler")
    pytester.runpytest("-k", "wrong").stdout.no_fnmatch_line("*::error*")
