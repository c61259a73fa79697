"""The distribution: its version, and where its files are."""

from pathlib import Path

__version__ = "0.1.0"

PACKAGE = Path(__file__).resolve().parent
INCLUDE_DIR = PACKAGE / "include"
"""What user sources include."""
PTO_INCLUDE_DIR = PACKAGE / "include_pto"
"""What stands before PTO ISA's headers."""
