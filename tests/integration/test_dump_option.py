"""``--sim-dump``: which tasks are dumped, where to, and what reports say of it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import jsonschema
import numpy as np
import pytest

from pytest_a2a3sim import Settings, SettingsError, run_case
from tests.integration.dumps import arguments, dumped, files_below, load, two_tasks
from tests.integration.test_json import documented_schema

if TYPE_CHECKING:
    from pathlib import Path

    from tests.golden_dirs import GoldenDir


@pytest.mark.parametrize(
    ("what", "tasks"),
    [
        ("all", [0, 1]),
        ("DOUBLE", [0]),
        ("AGAIN", [1]),
        ("1", [1]),
        ("0, AGAIN", [0, 1]),
        ("0,DOUBLE", [0]),
    ],
)
def test_choice(golden_dir: GoldenDir, tmp_path: Path, what: str, tasks: list[int]) -> None:
    dump = dumped(two_tasks(golden_dir), tmp_path / "kept", what)
    assert [each.task for each in dump.tasks] == tasks


def test_off(golden_dir: GoldenDir, tmp_path: Path) -> None:
    result = run_case(golden_dir.path, settings=Settings(dump="off", dump_dir=str(tmp_path / "k")))
    assert result.dump is None
    assert not (tmp_path / "k").exists()


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (
            "TWICE",
            "--sim-dump: there is no kernel 'TWICE'; there are double, ids of tasks, and all",
        ),
        ("0,5", "--sim-dump: there is no task 5; the graph has tasks 0 to 0"),
    ],
)
def test_what_there_is_not(golden_dir: GoldenDir, tmp_path: Path, what: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        dumped(golden_dir, tmp_path, what)
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["", "all,QK", "QK,,SF", "off,1"])
def test_choice_without_a_meaning(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^Settings\.dump must be names of kernels"):
        Settings(dump=text)


def test_directory_that_cannot_be(golden_dir: GoldenDir, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError) as caught:
        dumped(golden_dir, tmp_path / "file" / "below")
    words = r"--sim-dump: there can be no file in .*--sim-dump-dir"
    assert re.search(words, caught.value.message)


def test_limit(golden_dir: GoldenDir, tmp_path: Path) -> None:
    """What comes first is kept; nothing behind the first that does not fit."""
    dump = dumped(two_tasks(golden_dir), tmp_path, dump_limit=100)
    (x, z, _), again = arguments(dump, 0), arguments(dump, 1)
    assert load(x.found).nbytes == 32
    assert load(z.found).nbytes == 64
    assert (z.changed, z.left) == (True, None)
    assert [each.found for each in again] == [None, None, None]
    assert (dump.bytes, dump.left_out, dump.problem) == (96, 3, "")


def test_a_later_dump_replaces_an_earlier_one(golden_dir: GoldenDir, tmp_path: Path) -> None:
    directory = tmp_path / "kept"
    first = dumped(two_tasks(golden_dir), directory, "DOUBLE")
    second = dumped(golden_dir, directory, "AGAIN")
    assert first.directory == second.directory
    assert [path.name for path in directory.iterdir()] == [second.directory.name]
    assert {name.partition("/")[0] for name in files_below(second.directory)} == {
        "index.json",
        "task1-AGAIN",
    }


def test_report(
    doubler: GoldenDir, pytester: pytest.Pytester, plugin_args: tuple[str, ...]
) -> None:
    """Every case has a directory of its own, which the report lists."""
    doubler.extend_golden('PARAMS_LIST = [{"name": "a"}, {"name": "b"}]')
    done = pytester.runpytest_subprocess(
        *plugin_args, "--sim-dump=double", "--sim-json=report.json", "--sim-dump-limit=1K"
    )
    done.assert_outcomes(passed=2)
    done.stdout.fnmatch_lines(["dumped 2 tasks of 2 cases, 192 bytes, in a2a3sim-dump"])
    document = json.loads((pytester.path / "report.json").read_text())
    jsonschema.validate(document, documented_schema())
    directories = {case["dump"]["directory"] for case in document["cases"]}
    assert directories == {
        path.relative_to(pytester.path).as_posix()
        for path in (pytester.path / "a2a3sim-dump").iterdir()
    }
    for case in document["cases"]:
        directory = pytester.path / case["dump"]["directory"]
        (task,) = case["dump"]["tasks"]
        left = np.load(directory / task["arguments"][1]["left"])
        np.testing.assert_array_equal(left, 2 * np.arange(8))


def test_report_of_what_is_left_out(doubler: GoldenDir, pytester: pytest.Pytester) -> None:
    assert doubler.golden_py.exists()
    done = pytester.runpytest_subprocess("--sim-dump=all", "--sim-dump-limit=40")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines(
        [
            "dumped 1 task, 32 bytes, in a2a3sim-dump/doubler-*",
            "the dump is incomplete: 1 argument did not fit (--sim-dump-limit)",
        ]
    )


def test_option_without_a_meaning(doubler: GoldenDir, pytester: pytest.Pytester) -> None:
    assert doubler.golden_py.exists()
    done = pytester.runpytest_subprocess("--sim-dump=all,1")
    done.stderr.fnmatch_lines(["ERROR: --sim-dump must be names of kernels*", "  got 'all,1'"])


def test_marker_and_settings_of_a_case(doubler: GoldenDir, pytester: pytest.Pytester) -> None:
    doubler.extend_golden('import pytest\npytestmark = pytest.mark.sim(dump="0", dump_dir="mine")')
    pytester.makepyfile(
        test_it="""
        def test_it(a2a3sim, tmp_path):
            settings = {"dump": "double", "dump_dir": str(tmp_path)}
            dump = a2a3sim.run_case("doubler", settings=settings).dump
            assert dump.directory.parent == tmp_path
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2)
    assert len(list((pytester.path / "mine").iterdir())) == 1
