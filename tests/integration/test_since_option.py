"""``--sim-since``: git says what has changed, and cases that it cannot affect are left out."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.affected.repository import CASES, Repository

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("own_cache")

COUNT = 4


def git(directory: Path, *arguments: str) -> None:
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.org")
    command = ["git", *who, "-c", "commit.gpgsign=false", *arguments]
    subprocess.run(command, cwd=directory, check=True, capture_output=True)


@pytest.fixture
def repo(pytester: pytest.Pytester) -> Repository:
    """A repository of four directories: kernels include a.h, b.h, lone.h and a.h."""
    made = Repository.create(pytester.path, COUNT)
    made.write(".gitignore", "__pycache__/\n")
    git(made.root, "init", "-q", "-b", "main")
    git(made.root, "add", "-A")
    git(made.root, "commit", "-q", "-m", "all")
    return made


def selected(pytester: pytest.Pytester, *arguments: str) -> set[str]:
    """The cases that would run, by directory or node id."""
    result = pytester.runpytest("--collect-only", "-q", "--sim-since=main", *arguments)
    assert result.ret in {0, 5}
    nodeids = [line for line in result.outlines if "::" in line]
    whole = {f"k{number:02}" for number in range(COUNT)}
    whole = {each for each in whole if sum(each in nodeid for nodeid in nodeids) == CASES}
    return whole | {nodeid for nodeid in nodeids if nodeid[:3] not in whole}


def append(repo: Repository, name: str, text: str) -> None:
    path = repo.root / name
    path.write_text(path.read_text() + text)


def test_each_kind_of_change(pytester: pytest.Pytester, repo: Repository) -> None:
    every = {"k00", "k01", "k02", "k03"}
    assert selected(pytester) == set()
    for name, text, affected in (
        ("k01/kernels/scale.cpp", "// more\n", {"k01"}),
        ("k02/golden.py", "# more\n", {"k02"}),
        ("k03/kernels/kernel_config.py", "# more\n", {"k03"}),
        ("include/a.h", "// more\n", {"k00", "k03"}),
        ("include/base.h", "// more\n", {"k00", "k01", "k03"}),
        ("golden/nested.py", "# more\n", {"k00"}),
        ("tools/lazy.py", "# more\n", {"k01"}),
        ("orchestration.cpp", "// more\n", every),
        ("conftest.py", "# more\n", every),
        ("pyproject.toml", "# more\n", every),
    ):
        append(repo, name, text)
        assert selected(pytester) == affected, name
        git(repo.root, "checkout", "-q", "--", ".")
    repo.write("README.md", "more\n")
    repo.write("tools/unused.py", "more = 1\n")
    repo.write("include/unused.h", "// more\n")
    git(repo.root, "add", "-A")
    assert selected(pytester) == set()
    repo.array("d0", 3.0)
    assert selected(pytester) == every  # each of them loads data, and nobody knows which


def test_commits_of_a_branch_count_and_those_of_the_other_do_not(
    pytester: pytest.Pytester, repo: Repository
) -> None:
    git(repo.root, "checkout", "-q", "-b", "branch")
    append(repo, "k01/kernels/scale.cpp", "// more\n")
    git(repo.root, "commit", "-q", "-a", "-m", "kernel")
    git(repo.root, "checkout", "-q", "main")
    append(repo, "k02/kernels/scale.cpp", "// more\n")
    git(repo.root, "commit", "-q", "-a", "-m", "another")
    git(repo.root, "checkout", "-q", "branch")
    assert selected(pytester) == {"k01"}


def test_files_that_git_does_not_know_have_changed(
    pytester: pytest.Pytester, repo: Repository
) -> None:
    append(repo, ".gitignore", "lone.h\n")
    git(repo.root, "rm", "-q", "--cached", "include/lone.h")
    git(repo.root, "commit", "-q", "-a", "-m", "generated")
    assert selected(pytester) == {"k02"}
    result = pytester.runpytest("--collect-only", "-v", "--sim-since=main")
    result.stdout.fnmatch_lines(["k02/golden.py::n=0 runs:", "  git does not know include/lone.h"])


def test_header_or_module_that_comes_first(pytester: pytest.Pytester, repo: Repository) -> None:
    repo.write("k00/kernels/a.h", "#pragma once\n")
    repo.write("k01/lazy.py", "FACTOR = 2\n")
    assert selected(pytester) == {"k00", "k01"}


def test_runs_and_says_how_many(
    pytester: pytest.Pytester, repo: Repository, plugin_args: tuple[str, ...]
) -> None:
    line = "a2a3sim: {} of 20 cases deselected: not affected by what has changed since main"
    result = pytester.runpytest("--sim-since=main", *plugin_args)
    assert result.ret == 0
    result.stdout.fnmatch_lines(line.format(20))
    append(repo, "k01/kernels/scale.cpp", "// more\n")
    result = pytester.runpytest("--sim-since=main", *plugin_args)
    result.assert_outcomes(passed=CASES, deselected=0 if plugin_args else 15)
    result.stdout.fnmatch_lines(line.format(15))


def test_what_cannot_be_compared(pytester: pytest.Pytester, repo: Repository) -> None:
    result = pytester.runpytest("--sim-since=nothing")
    result.stderr.fnmatch_lines("ERROR: --sim-since finds nothing to compare with: *nothing*")
    git(repo.root, "checkout", "-q", "--orphan", "other")
    git(repo.root, "commit", "-q", "-m", "other")
    result = pytester.runpytest("--sim-since=main")
    result.stderr.fnmatch_lines("ERROR: --sim-since finds nothing to compare with: *merge-base*")
    result = pytester.runpytest("--sim-since=main", "--sim-affected")
    result.stderr.fnmatch_lines("ERROR: --sim-since judges by git, --sim-affected by passes*")


def test_directory_without_git(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(pytester.path.parent))
    result = pytester.runpytest("--sim-since=main")
    result.stderr.fnmatch_lines("ERROR: --sim-since finds nothing to compare with: *repository*")
    monkeypatch.setenv("PATH", "")
    result = pytester.runpytest("--sim-since=main")
    result.stderr.fnmatch_lines("ERROR: --sim-since needs git, which does not run: *")
