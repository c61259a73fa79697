"""--sim-html: what the file is, and what is said where it cannot be written."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html import unescape
from typing import TYPE_CHECKING

import pytest

from tests.pictures.attention_like import AttentionLike
from tests.pictures.conftest import run_pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pictures.conftest import Pictured


def test_one_file_without_anything_from_elsewhere(pictured: Pictured) -> None:
    text = (pictured.path / "page.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    assert len(text) < 2_600_000
    assert not list(pictured.path.glob(".page.html*"))
    ours = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert re.findall(r"(?:src|href)=[\"']?(?:https?:)?//", ours) == []


def test_data_of_a_case(pictured: Pictured) -> None:
    text = (pictured.path / "page.html").read_text(encoding="utf-8")
    session = re.search(r'id="session">(.*?)</script>', text)
    assert session is not None
    cases = [each["nodeid"] for each in json.loads(session[1])["cases"]]
    data = re.search(rf'id="case-{cases.index("attention/golden.py::wrong")}">(.*?)</script>', text)
    assert data is not None
    found = json.loads(data[1])
    (tensor,) = found["tensors"]
    assert (tensor["matched"], tensor["size"]) == (21, 32)
    assert [layer["block"] for layer in tensor["map"]["layers"]] == [[1, 1]]
    assert tensor["map"]["worst"] == [3, 7]  # the element with the largest error, 31 times 2
    assert found["timeline"]["tasks"] == 160
    assert not found["timeline"]["aggregated"]
    assert [each["block_dim"] for each in found["timeline"]["makespans"]] == [1, 2, 3, 4, 8, 24]


def test_our_lines_in_the_report_of_pytest_html(pictured: Pictured) -> None:
    pytest.importorskip("pytest_html")
    text = unescape(unescape((pictured.path / "pytest.html").read_text(encoding="utf-8")))
    assert "out_y: FAIL (21/32 elements matched)" in text
    assert "share of mismatches along axes" in text
    assert "page.html#case=attention%2Fgolden.py%3A%3Awrong" in text


def test_without_bokeh(tmp_path: Path) -> None:
    AttentionLike.create(tmp_path / "one", {"name": "one", "blocks": 32})
    script = (
        "import sys, pytest; sys.modules['bokeh'] = None; sys.exit(pytest.main(['--sim-html=p']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    assert "not installed: `pip install 'pytest-a2a3sim[html]'`" in done.stderr


def test_page_that_cannot_be_written(tmp_path: Path) -> None:
    AttentionLike.create(tmp_path / "one", {"name": "one", "blocks": 32})
    (tmp_path / "taken").mkdir()
    done = run_pytest(tmp_path, "--sim-html=taken")
    assert done.returncode == 1
    assert "ERROR: --sim-html: " in done.stdout
    assert "cannot be written: Is a directory; name another file" in done.stdout
