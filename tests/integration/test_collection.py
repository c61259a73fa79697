"""golden.py files are collected wherever pytest is pointed, and never imported as test modules."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from pathlib import Path

TWO_CASES = "PARAMS_LIST = [{'n': 1}, {'name': 'second'}]"
ALL_CASES = "ALL_CASES = {'A': {}, 'B': {}, 'C': {}}\nDEFAULT_CASE = 'B'"


@pytest.fixture
def halver(pytester: pytest.Pytester) -> GoldenDir:
    return GoldenDir.create(pytester.path / "halver")


def ids(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line and " " not in line]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="rootdir"),
        pytest.param(["."], id="directory"),
        pytest.param(["doubler", "halver"], id="directories"),
        pytest.param(["doubler/golden.py", "halver/golden.py"], id="files"),
        pytest.param(["doubler/golden.py::default", "halver/golden.py::default"], id="node-ids"),
        pytest.param(["--doctest-modules", "."], id="doctest-modules"),
        pytest.param(["--doctest-modules", "doubler/golden.py", "halver"], id="doctest-file"),
        pytest.param(["--import-mode=importlib", "."], id="importlib"),
        pytest.param(["--rootdir=doubler", "doubler", "halver"], id="other-rootdir"),
    ],
)
def test_ways_to_point(
    pytester: pytest.Pytester,
    doubler: GoldenDir,
    halver: GoldenDir,
    arguments: list[str],
) -> None:
    result = pytester.runpytest(*arguments)
    result.assert_outcomes(passed=2)


def test_from_another_directory(
    pytester: pytest.Pytester, doubler: GoldenDir, tmp_path: Path
) -> None:
    os.chdir(tmp_path)
    pytester.runpytest(str(doubler.path)).assert_outcomes(passed=1)


def test_node_id_of_one_case(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.extend_golden(TWO_CASES)
    result = pytester.runpytest("doubler/golden.py::n=1", "--collect-only", "-q")
    assert ids(result) == ["doubler/golden.py::n=1"]


@pytest.mark.parametrize(
    ("expression", "count"),
    [
        ("second", 1),
        ("n:1", 1),
        ("doubler", 2),
        ("double", 2),
        ("host_build_graph", 2),
        ("doubler and not second", 1),
        ("golden", 2),
        ("other", 0),
    ],
)
def test_keywords(
    pytester: pytest.Pytester, doubler: GoldenDir, expression: str, count: int
) -> None:
    doubler.extend_golden(TWO_CASES)
    result = pytester.runpytest("--collect-only", "-q", "-k", expression)
    assert len(ids(result)) == count


def test_directory_name_is_a_keyword_above_the_rootdir_too(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    result = pytester.runpytest(
        "--rootdir=doubler", "doubler/golden.py", "-k", "doubler", "--collect-only", "-q"
    )
    assert len(ids(result)) == 1


def test_marker(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    pytester.makepyfile(test_other="def test_other(): pass")
    result = pytester.runpytest("--strict-markers", "-m", "a2a3sim", "--collect-only", "-q")
    assert ids(result) == ["doubler/golden.py::default"]
    pytester.runpytest("--markers").stdout.fnmatch_lines(["*@pytest.mark.a2a3sim: *"])


def test_marks_of_the_author(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.extend_golden("import pytest\npytestmark = pytest.mark.skip(reason='later')")
    pytester.runpytest().assert_outcomes(skipped=1)


def test_author_may_skip(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.extend_golden("import pytest\npytest.importorskip('no_such_module')")
    pytester.runpytest("-rs").assert_outcomes(skipped=1)


def test_collect_only_needs_no_compiler(
    pytester: pytest.Pytester, doubler: GoldenDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    result = pytester.runpytest("--collect-only")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["a2a3sim: *no C++ compiler: 'no-such-compiler' is not on PATH"])


def test_default_case_runs_alone(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.extend_golden(ALL_CASES)
    result = pytester.runpytest("-v")
    result.assert_outcomes(passed=1, deselected=2)
    result.stdout.fnmatch_lines(["doubler/golden.py::B*"])


def test_all_cases_on_demand(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    doubler.extend_golden(ALL_CASES)
    pytester.runpytest("--sim-all-cases", *plugin_args).assert_outcomes(passed=3)


def test_case_by_node_id(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    doubler.extend_golden(ALL_CASES)
    result = pytester.runpytest("-v", "doubler/golden.py::C", *plugin_args)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*doubler/golden.py::C*"])


def test_bad_file_fails_alone_in_one_paragraph(
    pytester: pytest.Pytester, doubler: GoldenDir, halver: GoldenDir
) -> None:
    doubler.golden("generate_inputs = 1\n")
    result = pytester.runpytest("--continue-on-collection-errors")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR collecting doubler/golden.py*",
            "golden.py: generate_inputs must be a function; got 1 (int)",
            "  in *doubler/golden.py",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_golden_without_kernels_is_an_error(pytester: pytest.Pytester) -> None:
    directory = GoldenDir.create(pytester.path / "bare")
    for file in (directory.path / "kernels").iterdir():
        file.unlink()
    (directory.path / "kernels").rmdir()
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["kernel_config.py is missing", "  * does not exist"])


def test_other_files_named_golden_are_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(golden="VALUE = 1\n", test_it="from golden import VALUE\ndef test(): pass")
    pytester.runpytest().assert_outcomes(passed=1)


def test_golden_is_not_a_module_of_the_tests(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.extend_golden("def test_never_collected(): assert False")
    pytester.makepyfile(test_modules="import sys\n\ndef test(): assert 'golden' not in sys.modules")
    pytester.runpytest("doubler/golden.py", "test_modules.py").assert_outcomes(passed=2)


def test_unknown_config_key_is_a_warning(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    config = doubler.path / "kernels" / "kernel_config.py"
    config.write_text(config.read_text().replace("block_dim", "blockdim"))
    message = "*RUNTIME_CONFIG has unknown keys, which are ignored: blockdim*"
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines([message])
    result = pytester.runpytest_subprocess("-W", "error")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])
    result.stdout.no_fnmatch_line("*Traceback*")
