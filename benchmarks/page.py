"""How long the page of ``--sim-html`` takes to open and to be moved, in a headless Chromium.

``python -m benchmarks.page [TASKS ...]`` writes a page of a case of so many tasks for each of them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from tests.pictures.attention_like import AttentionLike

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_MOVES = 20
_DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def measure(browser: Browser, tasks: int) -> None:
    """Prints size and times of a page of one case."""
    with tempfile.TemporaryDirectory() as made:
        path = Path(made)
        AttentionLike.create(path / "case", {"name": "case", "blocks": tasks // 4})
        command = [sys.executable, "-m", "pytest", "-q", "--sim-html=page.html", "case"]
        subprocess.run(command, cwd=path, check=True, stdout=subprocess.DEVNULL)
        file = path / "page.html"
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        start = time.perf_counter()
        page.goto(f"{file.as_uri()}#case=case%2Fgolden.py%3A%3Acase")
        page.wait_for_selector("#case[data-drawn]")
        page.evaluate(_DRAWN)
        opened = time.perf_counter() - start
        chart = page.locator('[data-chart="timeline"]')
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.wheel(0, -200)
        page.evaluate(_DRAWN)
        page.mouse.down()
        start = time.perf_counter()
        for step in range(_MOVES):
            page.mouse.move(x + 5 * step, y)
            page.evaluate(_DRAWN)
        moved = (time.perf_counter() - start) / _MOVES
        page.mouse.up()
        size = file.stat().st_size / 1e6
        print(
            f"{tasks:,} tasks: {size:.1f} MB, opens in {opened:.2f} s, "
            f"a move of the timeline takes {1000 * moved:.0f} ms"
        )
        page.close()


def main() -> None:
    """Runs the benchmark."""
    counts = [int(text) for text in sys.argv[1:]] or [4096, 65536]
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        for count in counts:
            measure(browser, count)
        browser.close()


if __name__ == "__main__":
    main()
