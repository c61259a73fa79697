"""``a2a3sim``: golden directories and the build cache from the command line, without pytest."""

from pytest_a2a3sim.cli.command import main

__all__ = ["main"]
