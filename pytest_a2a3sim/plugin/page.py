"""The page of ``--sim-html``: checked at the start, written at the end, its parts in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim.model.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_a2a3sim.model.record import CaseRecord
    from pytest_a2a3sim.model.result import Attempt


def page_path(config: pytest.Config) -> Path | None:
    """The page's file, if one is asked for."""
    path = config.getoption("sim_html")
    return config.invocation_params.dir / path if path else None


def prepare_page(config: pytest.Config) -> None:
    """Looks whether the page can be written, before any test runs.

    Raises:
        pytest.UsageError: it cannot.
    """
    path = page_path(config)
    if path is None:
        return
    from pytest_a2a3sim.pictures.page import assemble, parts  # noqa: PLC0415 - only on demand

    try:
        assemble.find_bokeh()
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from None
    parts.Parts(path).remove()  # those of a session that was killed


def add_case(path: Path, record: CaseRecord, attempt: Attempt, root: Path) -> None:
    """Keeps what the page shows of a case.

    Raises:
        OSError: it cannot be written.
    """
    from pytest_a2a3sim.pictures.page.parts import Parts  # noqa: PLC0415 - needs NumPy
    from pytest_a2a3sim.reporting.artifacts import directory_name  # noqa: PLC0415 - as above

    Parts(path).write(directory_name(record["nodeid"]), record, attempt, root)


def write_page(config: pytest.Config, records: Sequence[CaseRecord]) -> str | None:
    """Writes the page, if one is asked for; returns what keeps it from being written."""
    path = page_path(config)
    if path is None:
        return None
    from pytest_a2a3sim.pictures.page import assemble, parts  # noqa: PLC0415 - only on demand
    from pytest_a2a3sim.pictures.page import baseline as earlier  # noqa: PLC0415 - as above
    from pytest_a2a3sim.reporting.baseline import read_baseline  # noqa: PLC0415 - as above

    compared = None
    kept = parts.Parts(path)
    try:
        if baseline := config.getoption("sim_baseline"):
            before = read_baseline(config.invocation_params.dir / baseline)
            compared = {
                "cases": earlier.changes(records, before),
                "gone": earlier.gone(records, before),
            }
        assemble.write_page(path, records, kept, compared)
    except OSError as error:
        return f"--sim-html: {path} cannot be written: {error.strerror}; name another file"
    except SettingsError as error:
        return str(error)
    finally:
        kept.remove()
    return None
