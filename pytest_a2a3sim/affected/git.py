"""What git knows of a work tree: the files that it has, and those that have changed."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.errors import SettingsError
from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from pathlib import Path


@frozen
class Changes:
    """How a work tree differs from where a branch left another one.

    Attributes:
        root: of the work tree, absolute.
        base: the commit that is compared with.
        changed: absolute paths of files that were changed, added or removed.
        known: absolute paths of the files that git has.
    """

    root: str
    base: str
    changed: frozenset[str]
    known: frozenset[str]

    def has_changed(self, path: str) -> bool:
        """Whether a file is another one, or one of the work tree that git does not know."""
        if path in self.changed:
            return True
        inside = path.startswith(f"{self.root}/")
        return inside and path not in self.known and os.path.lexists(path)


def changes_since(reference: str, directory: Path) -> Changes:
    """What has changed since the merge base of a commit and the current one.

    Args:
        reference: names the commit, such as ``origin/main``.
        directory: in the work tree.

    Raises:
        SettingsError: there is no git, no work tree, no such commit or no merge base.
    """
    root = _git(directory, "rev-parse", "--show-toplevel").rstrip("\n")
    _git(directory, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}", "--")
    base = _git(directory, "merge-base", "--", reference, "HEAD").strip()
    top = ("-C", root)
    changed = _git(directory, *top, "diff", "--name-only", "--no-renames", "-z", base, "--")
    known = _git(directory, *top, "ls-files", "-z")
    return Changes(root, base, _paths(root, changed), _paths(root, known))


def _paths(root: str, names: str) -> frozenset[str]:
    return frozenset(f"{root}/{name}" for name in names.split("\0") if name)


def _git(directory: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - git, and a name that the user gives
            command,
            cwd=directory,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=False,
        )
    except OSError as error:
        raise SettingsError(f"--sim-since needs git, which does not run: {error}") from None
    if done.returncode != 0:
        said = done.stderr.strip() or f"{' '.join(command)} ends with status {done.returncode}"
        raise SettingsError(
            f"--sim-since finds nothing to compare with: {said.splitlines()[0]}\n  in {directory}\n"
            "Name a commit, branch or tag of this clone. In a shallow clone, fetch its history: "
            "`git fetch --unshallow`, or `fetch-depth: 0` in CI."
        )
    return done.stdout
