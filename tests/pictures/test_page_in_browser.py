"""The page of --sim-html in a browser: it opens, its charts have their marks, it can be used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.golden_dirs import GoldenDir
from tests.pictures.attention_like import AttentionLike
from tests.pictures.conftest import run_pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.pictures.conftest import Pictured

PATIENCE = 120_000  # milliseconds, of a machine that has much else to do
WRONG = "attention/golden.py::wrong"

_MARKS = """name => {
    const figure = document.querySelector(`[data-chart="${name}"]`).figure;
    return figure.renderers.map(each => [
        each.glyph.type, Object.values(each.data_source.data)[0]?.length ?? 0]);
}"""


# Where the first mark of a chart is on the screen; the task that the timeline shows is made large.
_PLACE = """name => {
    const place = document.querySelector(`[data-chart="${name}"]`), figure = place.figure;
    const view = Bokeh.index.find_one(figure);
    const chosen = figure.renderers.find(each => each.name === "marks") ?? figure.renderers[0];
    const data = chosen.data_source.data;
    if (name === "timeline") {
        const width = data.end[0] - data.start[0];
        figure.x_range.setv({start: data.start[0] - width, end: data.end[0] + width});
    }
    const at = {
        Image: () => [0, 0],
        Quad: () => [(data.left[0] + data.right[0]) / 2, data.count[0] / 2],
        HBar: () => [(data.start[0] + data.end[0]) / 2, data.y[0]],
        VBar: () => [data.x[0], data.top[0] / 2],
        Rect: () => [data.x[0], data.y[0]],
        Line: () => [data.x[0], data.y[0]],
    }[chosen.glyph.type]();
    const box = view.el.getBoundingClientRect();
    const [x, y] = [view.frame.x_scale.compute(at[0]), view.frame.y_scale.compute(at[1])];
    scrollBy(0, box.y + y - innerHeight / 2);
    return [box.x + x, view.el.getBoundingClientRect().y + y];
}"""

_RANGES = """name => {
    const figure = document.querySelector(`[data-chart="${name}"]`).figure;
    return String([figure.x_range, figure.y_range].flatMap(each => [each.start, each.end]));
}"""


_MAP = """() => {
    const figure = document.querySelector('[data-chart="map-out_y"]').figure;
    return [figure.title.text, figure.renderers.map(each => each.visible)];
}"""


class Watched:
    """A page, and what went wrong on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.problems: list[str] = []
        self.requests: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.on(
            "console",
            lambda message: (
                self.problems.append(message.text) if message.type in ("error", "warning") else None
            ),
        )

    def open(self, file: Path, case: str | None = None) -> None:
        self.page.goto(file.as_uri() + (f"#case={quote(case, safe='')}" if case else ""))
        self.page.wait_for_selector("#case[data-drawn]" if case else "#cases tbody tr")

    def marks(self, chart: str) -> list[tuple[str, int]]:
        return [(kind, count) for kind, count in self.page.evaluate(_MARKS, chart)]

    def names(self) -> list[str]:
        found: list[str] = self.page.locator("#cases tbody tr td.name").all_inner_texts()
        return [name.rpartition("::")[2] for name in found]


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    watching = Watched(page)
    yield watching
    page.close()
    assert watching.problems == []
    assert all(url.startswith(("file:", "blob:", "data:")) for url in watching.requests)


def test_overview(watched: Watched, pictured: Pictured) -> None:
    """Cases are sorted by a click on a column, and filtered by words and by outcome."""
    watched.open(pictured.path / "page.html")
    page = watched.page
    assert sorted(watched.names()) == ["crash", "good", "wrong"]
    page.get_by_role("button", name="tasks").click()
    assert watched.names() == ["crash", "good", "wrong"]
    page.get_by_role("button", name="tasks").click()
    assert watched.names() == ["wrong", "good", "crash"]
    page.locator("#filter").fill("null pointer")
    assert watched.names() == ["crash"]
    page.locator("#filter").fill("")
    page.locator("#outcome").select_option("failed")
    assert watched.names() == ["wrong", "crash"]
    row = page.locator("#cases tbody tr").first.inner_text()
    assert "constant factor: actual = 1.5 * expected" in row
    page.get_by_role("link", name=WRONG).click()
    page.wait_for_selector("#case[data-drawn]")
    assert "out_y: FAIL (21/32 elements matched)" in page.locator("#report").inner_text()
    page.get_by_role("link", name="all cases").click()
    page.wait_for_selector("#overview:not([hidden])")


def test_charts_of_a_case_have_their_marks(watched: Watched, pictured: Pictured) -> None:
    watched.open(pictured.path / "page.html", WRONG)
    charts = watched.page.locator("[data-chart]")
    names = [chart.get_attribute("data-chart") for chart in charts.all()]
    assert names == [
        *("map-out_y", "tolerance-out_y", "ulp-out_y"),
        *("timeline", "parallelism", "what-if", "graph"),
    ]
    assert all(chart.get_attribute("data-drawn") for chart in charts.all())
    assert watched.page.locator('[data-chart="map-out_y"] .bk-Figure').count() == 3
    gaps, tasks = watched.marks("timeline")
    assert tasks == ("HBar", 160)
    assert gaps[1] > 0
    assert dict(watched.marks("graph"))["Rect"] == 43  # 3 kernels of one layer, 40 of UP
    assert [kind for kind, _ in watched.marks("parallelism")] == ["Line", "Line"]
    assert watched.marks("what-if") == [("VBar", 6)]
    assert watched.marks("tolerance-out_y")[0][0] == "Quad"


HOVERS = {
    "map-out_y": ["last axis", "difference"],
    "tolerance-out_y": ["elements", "11"],
    "ulp-out_y": ["elements"],
    "timeline": ["task", "QK", "took", "x (buffer #0), buffer #", "before tasks"],
    "parallelism": ["AIC tasks"],
    "what-if": ["block_dim", "makespan", "AIC busy"],
    "graph": ["kernel", "on the critical path"],
}
"""What a mark of each chart says where the mouse is on it."""


def test_hover_and_zoom(watched: Watched, pictured: Pictured) -> None:
    watched.open(pictured.path / "page.html", WRONG)
    page = watched.page
    for chart, words in HOVERS.items():
        x, y = page.evaluate(_PLACE, chart)
        page.mouse.move(x - 3, y - 3)
        page.mouse.move(x, y)
        for word in words:
            found = page.locator(".bk-Tooltip").get_by_text(word).first
            found.wait_for(state="visible")
        before = page.evaluate(_RANGES, chart)
        page.mouse.wheel(0, -300)
        page.wait_for_function(f"before => ({_RANGES})('{chart}') !== before", arg=before)
        page.mouse.move(0, 0)
        page.locator(".bk-Tooltip").first.wait_for(state="hidden")


def test_a_large_map_is_zoomed_to_single_elements(watched: Watched, tmp_path: Path) -> None:
    """Anywhere, not only where the largest error is."""
    directory = GoldenDir.create(tmp_path / "large")
    text = directory.golden_py.read_text()
    directory.golden_py.write_text(text.replace("8", "65536"))
    directory.kernel_body(
        "for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];"
        " y[256 * 30 + 20] += 1; y[256 * 200 + 100] += 4096;"
    )
    assert "1 failed" in run_pytest(tmp_path, "--sim-html=page.html").stdout
    watched.open(tmp_path / "page.html", "large/golden.py::default")
    assert watched.page.evaluate(_MAP) == [
        "difference: blocks of 2 x 2, each by its largest error",
        [True, False, True],
    ]
    watched.page.evaluate(
        """() => {
            const figure = document.querySelector('[data-chart="map-out_y"]').figure;
            figure.x_range.setv({start: 15.5, end: 25.5});
            figure.y_range.setv({start: 35.5, end: 25.5});
        }"""
    )
    assert watched.page.evaluate(_MAP) == ["difference: every element", [True, True, True]]
    x, y = watched.page.evaluate(_PLACE.replace("[0, 0]", "[20, 30]"), "map-out_y")
    watched.page.mouse.move(x - 3, y)
    watched.page.mouse.move(x, y)
    tooltip = watched.page.locator(".bk-Tooltip")
    for word in ("20", "30", "1"):
        tooltip.get_by_text(word, exact=True).first.wait_for(state="visible")


def test_report_of_a_case_that_passed(watched: Watched, pictured: Pictured) -> None:
    watched.open(pictured.path / "page.html", "attention/golden.py::good")
    text = watched.page.locator("#report").inner_text()
    assert text.startswith("every output matches\n  case 'good', 128 tasks\n")
    assert "out_y: PASS (32/32 elements matched)\n  shape=(4, 8), dtype=float32" in text
    watched.open(pictured.path / "page.html", WRONG)
    marked = watched.page.locator("#report .line-diagnosis").all_inner_texts()
    assert any("=> constant factor" in line for line in marked)


def test_theme_and_width(browser: Browser, pictured: Pictured) -> None:
    for theme, paper in (("dark", "rgb(20, 24, 29)"), ("light", "rgb(255, 255, 255)")):
        for width in (390, 1400):
            page = browser.new_page(
                viewport={"width": width, "height": 800},
                color_scheme="dark" if theme == "dark" else "light",
            )
            watched = Watched(page)
            watched.open(pictured.path / "page.html", WRONG)
            colour = "() => getComputedStyle(document.body).backgroundColor"
            assert page.evaluate(colour) == paper
            wide = "() => document.documentElement.scrollWidth - innerWidth"
            assert page.evaluate(wide) <= 0, (theme, width)
            page.get_by_role("button", name="light or dark").click()
            page.wait_for_selector("#case[data-drawn]")
            assert page.evaluate(colour) != paper
            assert watched.problems == []
            page.close()


def test_findings_races_and_a_baseline(
    watched: Watched, pictured: Pictured, tmp_path: Path
) -> None:
    """The baseline is the report of another run, in which the case passed with larger errors."""
    AttentionLike.create(tmp_path / "attention", {"name": "race", "mode": "race", "blocks": 32})
    report: dict[str, Any] = json.loads((pictured.path / "report.json").read_text())
    (good,) = [each for each in report["cases"] if each["case"] == "good"]
    good["nodeid"] = "attention/golden.py::race"
    good["tensors"][0]["max_abs_error"] = 0.25
    (tmp_path / "before.json").write_text(json.dumps(report))
    options = ("--sim-html=page.html", "--sim-baseline=before.json", "--sim-sanitize=racecheck")
    assert "1 failed" in run_pytest(tmp_path, *options).stdout
    watched.open(tmp_path / "page.html")
    row = watched.page.locator("#cases tbody tr").inner_text()
    assert "was passed; out_y: error 0.25 -> 0" in row
    gone = watched.page.locator("#gone").inner_text()
    assert gone.startswith("Only in the baseline: ")
    assert WRONG in gone
    watched.open(tmp_path / "page.html", good["nodeid"])
    assert "passed\tfailed" in watched.page.locator("#changes").inner_text()
    races = watched.page.evaluate(
        """() => document.querySelector('[data-chart="graph"]').figure.renderers
            .filter(each => each.name === "races")
            .map(each => [each.data_source.data.xs.length, each.glyph.line_color.value,
                          each.glyph.line_dash.value])"""
    )
    assert [(count, colour) for count, colour, _ in races] == [(1, "#d62728")]
    assert races[0][2] not in ("solid", [])
    marked = watched.page.locator("pre mark").all_inner_texts()
    assert any("const float value = *from;" in line for line in marked)


def test_many_tasks_are_aggregated(watched: Watched, tmp_path: Path) -> None:
    AttentionLike.create(tmp_path / "many", {"name": "many", "blocks": 16384})
    assert "1 passed" in run_pytest(tmp_path, "--sim-html=page.html", "--sim-orders=off").stdout
    watched.open(tmp_path / "page.html", "many/golden.py::many")
    text = watched.page.locator("#aggregated").inner_text()
    assert text.startswith("65,536 tasks are too many to draw: a bar shows what a core did most")
    bars = dict(watched.marks("timeline"))["HBar"]
    assert 0 < bars <= 9 * 1000
    assert dict(watched.marks("graph"))["Rect"] == 4
