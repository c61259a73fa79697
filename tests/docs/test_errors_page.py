"""The messages of docs/errors.md are those of the golden directories that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import A2A3SimError, Settings, run_case
from tests.broken_dirs import BROKEN, HANG_TIMEOUT
from tests.docs.markdown_pages import CHECKOUT, Block, blocks
from tests.docs.shown_output import difference

if TYPE_CHECKING:
    from pathlib import Path

DIRECTORIES = {broken.name: broken for broken in BROKEN}
SHOWN = [block for block in blocks(CHECKOUT / "docs" / "errors.md") if "broken" in block.options]


@pytest.mark.parametrize("block", SHOWN, ids=lambda block: block.options["broken"])
def test_message_is_the_one_shown(block: Block, tmp_path: Path) -> None:
    broken = DIRECTORIES[block.options["broken"]]
    settings = Settings(threads=2, hang_timeout=HANG_TIMEOUT if broken.hangs else 30.0)
    with pytest.raises(A2A3SimError) as caught:
        run_case(broken.create(tmp_path), settings=settings).check()
    message = str(caught.value).replace(f"{tmp_path}/", "")
    assert difference(block.text, message, numbers_vary=True) is None, message
