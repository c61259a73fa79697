"""``python -m pytest_a2a3sim``: the same as ``a2a3sim``."""

import sys

from pytest_a2a3sim.cli import main

sys.exit(main())
