"""Whether others may write to a directory whose objects this user would run."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SHARED_VARIABLE = "A2A3SIM_CACHE_SHARED"


def others_who_write(directory: Path) -> str:
    """Who else may write to a directory, in words; empty where nobody may, or it is not there."""
    try:
        status = directory.stat()
    except OSError:
        return ""
    mode = stat.filemode(status.st_mode)
    if status.st_uid not in {os.getuid(), 0}:
        return f"it belongs to {_user(status.st_uid)}"
    if status.st_mode & stat.S_IWOTH:
        return f"everybody may write to it ({mode})"
    if status.st_mode & stat.S_IWGRP and not _is_own_group(status.st_gid):
        return f"the group {_group(status.st_gid)} may write to it ({mode})"
    return ""


def refusal(directory: Path, why: str) -> str:
    """Says that a cache is not used, and what to do; empty where there is no reason."""
    if not why:
        return ""
    return (
        f"the build cache in {directory} is not used: {why}\n"
        "Its objects would run with your rights, whoever put them there. Have it to yourself "
        "(chmod go-w), name another directory in A2A3SIM_CACHE_DIR, or, if you trust those who "
        f"write to it, set {SHARED_VARIABLE}=1 or the ini key sim_cache_shared."
    )


def is_declared_shared() -> bool:
    """Whether the environment says that those who write to the cache are trusted."""
    return os.environ.get(SHARED_VARIABLE, "").strip() not in {"", "0"}


def _is_own_group(number: int) -> bool:
    """Whether a group is this user's alone, as many systems make one for each user."""
    name = _user(os.getuid())
    try:
        group = grp.getgrgid(number)
    except KeyError:
        return False
    return group.gr_name == name and set(group.gr_mem) <= {name}


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
