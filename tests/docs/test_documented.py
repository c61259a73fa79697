"""What a user can write is on a page: options, ini keys, commands, markers, names, variables."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

import pytest_a2a3sim
from pytest_a2a3sim.cli.command import _parser
from pytest_a2a3sim.model.errors import A2A3SimError
from pytest_a2a3sim.model.options import OPTIONS
from pytest_a2a3sim.model.overrides import OF_CASE
from pytest_a2a3sim.version import PACKAGE
from tests.docs.markdown_pages import CHECKOUT, PAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
USAGE = (CHECKOUT / "docs" / "usage.md").read_text(encoding="utf-8")
GUIDES = "\n".join(
    page.read_text(encoding="utf-8") for page in PAGES if page.name != "CHANGELOG.md"
)
_EVERYWHERE = {"-h", "--help"}
_INTERNAL = {"A2A3SIM_OBSERVED"}  # from a compiler to the library that observes it


def is_named(text: str, pages: str = GUIDES) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(text)}(?![\w-])", pages) is not None


def missing(names: Iterator[str], pages: str = GUIDES) -> list[str]:
    return [name for name in names if not is_named(name, pages)]


def command_words(parser: argparse.ArgumentParser, name: str = "a2a3sim") -> Iterator[str]:
    """``a2a3sim cache info`` and its like, every option and every choice."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command, below in action.choices.items():
                yield command
                yield from command_words(below, f"{name} {command}")
        else:
            yield from set(action.option_strings) - _EVERYWHERE
            yield from map(str, action.choices or ())


def test_options_and_ini_keys() -> None:
    flags = (option.flag("--sim-") for option in OPTIONS if option.option)
    assert missing(flags, USAGE) == []
    keys = (option.ini_name for option in OPTIONS if option.ini)
    assert missing(keys, USAGE) == []


def test_command_line() -> None:
    assert missing(command_words(_parser())) == []


def test_options_of_a_case() -> None:
    listed = re.search(r"Its options are (.*?)\.\n", USAGE, re.DOTALL)
    assert listed is not None
    assert re.findall(r"`(\w+)`", listed[1]) == sorted(OF_CASE)


def test_markers_and_fixtures(pytester: pytest.Pytester) -> None:
    printed = pytester.runpytest("--markers", "--fixtures").stdout.str()
    markers = re.findall(r"^@pytest\.mark\.(\w*sim\w*)", printed, re.MULTILINE)
    fixtures = re.findall(r"^(\w*sim\w*) ", printed, re.MULTILINE)
    assert {"sim", "sim_sanitize", "a2a3sim"} <= {*markers, *fixtures}
    assert missing(iter([*markers, *fixtures])) == []


def test_names_of_the_package() -> None:
    assert missing(iter(set(pytest_a2a3sim.__all__) - {"__version__"})) == []


def test_kinds_of_failures() -> None:
    kinds = [A2A3SimError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    assert missing(kind.kind for kind in kinds if kind.kind != A2A3SimError.kind) == []


def test_environment_variables() -> None:
    sources = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")]
    read = r"(?:environ\.get\(|environ\[|getenv\(|_VARIABLE = )\"([A-Z][A-Z0-9_]+)\""
    variables = {name for source in sources for name in re.findall(read, source)}
    assert "A2A3SIM_CACHE_DIR" in variables
    assert missing(iter(variables - _INTERNAL)) == []


def test_pages_are_in_the_list_of_the_readme() -> None:
    pages = (f"docs/{page.name}" for page in (CHECKOUT / "docs").glob("*.md"))
    assert missing((page for page in pages if page != "docs/index.md"), README) == []
