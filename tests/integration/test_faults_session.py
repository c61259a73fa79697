"""A pytest run full of broken directories: every other item passes, nothing is left behind."""

from __future__ import annotations

import contextlib
import os
import time
import uuid
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

from tests.broken_dirs import BROKEN

if TYPE_CHECKING:
    import pytest

_MARK = "A2A3SIM_TEST_RUN"
_PATIENCE = 10.0


def processes_with(mark: str) -> list[str]:
    """Command lines of the processes that inherited the mark in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile, or belongs to somebody else
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


def wait_until_gone(mark: str) -> list[str]:
    """Ended processes need a moment to disappear; returns those that do not."""
    deadline = time.monotonic() + _PATIENCE
    while (left := processes_with(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def test_all_broken_directories_in_one_run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, plugin_args: tuple[str, ...]
) -> None:
    root = pytester.path / "corpus"
    for broken in BROKEN:
        broken.create(root)
    temporary = pytester.mkdir("temporary")
    mark = uuid.uuid4().hex
    monkeypatch.setenv(_MARK, mark)
    monkeypatch.setenv("TMPDIR", str(temporary))
    pytester.makeini("[pytest]\nsim_hang_timeout = 2\n")
    result = pytester.runpytest_subprocess(
        *plugin_args, "--junit-xml=junit.xml", "-o", "junit_logging=no", "-q", str(root)
    )

    failing = [broken.name for broken in BROKEN if broken.kind is not None]
    result.assert_outcomes(passed=len(BROKEN) - len(failing), failed=len(failing))
    cases = ET.parse("junit.xml").iter("testcase")
    outcome = {
        case.get("classname", "").split(".")[1]: case.find("failure") is not None for case in cases
    }
    assert outcome == {broken.name: broken.kind is not None for broken in BROKEN}
    assert wait_until_gone(mark) == []
    assert os.listdir(temporary) == []  # noqa: PTH208 - names alone
