"""Commands and snippets that the pages show do what the pages say.

Each block runs in a copy of the examples that stands for the reader's home directory.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.markdown_pages import (
    CHECKOUT,
    PAGES,
    Block,
    blocks,
    commands,
    readme_commands,
)
from tests.docs.shown_output import difference
from tests.golden_dirs import GoldenDir

WALKS = ("tutorial.md", "kernels.md")  # whose commands run one after another
BLOCKS = [block for page in PAGES for block in blocks(page)]
CONSOLE = [
    block
    for block in BLOCKS
    if (block.language == "console" or "shows" in block.options)
    and "skip" not in block.options
    and block.page.name not in WALKS
]
HOME = "home/me"  # as the pages show it


def shell_environment(home: Path) -> dict[str, str]:
    """A reader's: this Python's commands first, and nothing of the pytest that runs this test."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("A2A3SIM", "GITHUB_", "PTO_", "PYTEST", "XDG_"))
        and name not in ("CI", "FORCE_COLOR", "NO_COLOR", "PY_COLORS")
    }
    return {
        **inherited,
        "HOME": str(home),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PTO_ISA_ROOT": str(CHECKOUT / "tests" / "sanitizer" / "pto_isa" / "private"),
        "PYTEST_ADDOPTS": os.environ["PYTEST_ADDOPTS"],  # of the fixture for all inner runs
        "COLUMNS": "100",
        "LC_ALL": "C.UTF-8",
    }


def shell(command: str, home: Path, directory: Path, stdin: str = "") -> tuple[int, str]:
    """Runs a command; returns its exit status and what it printed, paths relative."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=directory,
        env=shell_environment(home),
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout.replace(f"{directory}/", "").replace(f"{home}/", "")


def copy_of_examples(home: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", ".pytest_cache")
    shutil.copytree(CHECKOUT / "examples", home / "examples", ignore=ignored)
    return home


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader's home for the blocks that need no preparation, with one build cache."""
    return copy_of_examples(tmp_path_factory.mktemp("untouched") / HOME)


@pytest.fixture
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The home of a test's block: its own if the block prepares it."""
    block: Block = request.getfixturevalue("block")
    if "after" in block.options:
        return copy_of_examples(tmp_path / HOME)
    untouched: Path = request.getfixturevalue("untouched")
    return untouched


@pytest.mark.parametrize("block", CONSOLE, ids=lambda block: block.id)
def test_commands_print_what_is_shown(block: Block, home: Path) -> None:
    run_block(block, home)


@pytest.mark.parametrize("page", WALKS)
def test_pages_that_are_walked_through(page: str, tmp_path: Path) -> None:
    pytest.importorskip("ml_dtypes")
    walked = [each for each in BLOCKS if each.page.name == page and each.language == "console"]
    assert walked
    for block in walked:
        run_block(block, tmp_path)


def run_block(block: Block, home: Path) -> None:
    """Runs a block's commands; they print what is shown."""
    directory = home / block.options.get("in", ".")
    if preparation := block.options.get("after"):
        shell(preparation, home, directory)
    for command in commands(block):
        if command.line.startswith("cd "):
            directory = directory / command.line.removeprefix("cd ").strip()
            continue
        status, printed = shell(command.line, home, directory, command.stdin)
        if command.output:
            numbers_vary = "numbers" in block.options
            shown = command.output.replace(f"/{HOME}/", "")
            wrong = difference(shown, printed, numbers_vary=numbers_vary)
            assert wrong is None, f"$ {command.line}\n{wrong}"
        else:
            assert status == 0, f"$ {command.line}\n{printed}"


def test_python_sessions(untouched: Path, tmp_path: Path) -> None:
    sessions = [block for block in BLOCKS if block.language == "pycon"]
    assert sessions
    for block in sessions:
        session = tmp_path / "session.txt"
        session.write_text(block.text)
        status, printed = shell(f"python -m doctest {session}", untouched, untouched)
        assert status == 0, f"{block.id}\n{printed}"


def block_with(text: str) -> Block:
    """The one block that has a text."""
    (found,) = [block for block in BLOCKS if text in block.text]
    return found


def test_python_api(untouched: Path) -> None:
    snippet = block_with("settings=Settings(threads=1)")
    shown = BLOCKS[BLOCKS.index(snippet) + 1]
    status, printed = shell("python -", untouched, untouched, snippet.text)
    assert status == 0, printed
    assert difference(shown.text, printed) is None, printed


def test_commands_of_the_readme_need_nothing_but_the_clone(tmp_path: Path) -> None:
    """They run one after another; tests/, which needs more packages, is not collected."""
    clone = copy_of_examples(tmp_path)
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, clone)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(CHECKOUT / "tests", clone / "tests", ignore=ignored)
    for command in readme_commands():
        if "pip install" not in command:  # the newcomer's script installs
            status, printed = shell(command, clone, clone)
            assert status == 0, f"$ {command}\n{printed}"
            assert "warning" not in printed.lower(), f"$ {command}\n{printed}"
    status, printed = shell("pytest -k paged_attention --collect-only -q", clone, clone)
    ids = [line for line in printed.splitlines() if "::" in line]
    assert ids
    assert {name.partition("/")[0] for name in ids} == {"examples"}


def test_fixture(tmp_path: Path) -> None:
    GoldenDir.create(tmp_path / "doubler").golden(block_with("# golden.py").text)
    (tmp_path / "test_fixture.py").write_text(block_with("def test_doubler_is_one_task").text)
    status, printed = shell("pytest test_fixture.py", tmp_path, tmp_path)
    assert status == 0, printed


def test_golden_directory_of_the_snippets(tmp_path: Path) -> None:
    """README's golden.py with the orchestration and the kernel of authoring.md passes."""
    doubler = GoldenDir.create(tmp_path / "doubler")
    doubler.golden(block_with("# golden.py").text)
    doubler.orchestration(block_with('extern "C" int build_graph').text)
    doubler.kernel(block_with("y[i] = 2 * x[i]").text)
    status, printed = shell("pytest -W error -rA", tmp_path, tmp_path)
    assert status == 0, printed
    assert "2 passed" in printed, printed


def test_measured_figures_may_differ() -> None:
    shown = "work   566 us\nQK   1.5 ms (-23%)\nPV  10 us (-4%)\n...\n"
    printed = "work 1.2 ms\nPV 9 us (-1%)\nQK 2 ms (-40%)\nmore\n"
    assert difference(shown, printed, numbers_vary=True) is None
    assert difference(shown.replace("work", "load"), printed, numbers_vary=True) is not None
    assert difference(shown.replace("...\n", ""), printed, numbers_vary=True) is not None
    assert difference(shown, printed) is not None
