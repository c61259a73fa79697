"""Messages, wherever their lines end."""

from __future__ import annotations

import re


def without_breaks(text: str) -> str:
    """The words, whether a mark or the end of a line stands behind one."""
    return " ".join(re.sub(r"[,;:]?\s", " ", text).split())
