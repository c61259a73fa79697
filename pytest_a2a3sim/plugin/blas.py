"""NumPy's BLAS, whose threads wait for more work before they sleep."""

from __future__ import annotations

import os
import sys

_TIMEOUT = "OPENBLAS_THREAD_TIMEOUT"
_CYCLES = "20"  # a power of two: half a millisecond


def import_numpy() -> None:
    """Imports NumPy such that threads of OpenBLAS sleep soon after their work is done.

    By themselves they spin for 2**26 cycles first, some 25 ms: on a CPU that the next case, or
    another xdist worker, could have. Results are the same. A user's own setting stays, and the
    variable is not there for anybody else.
    """
    if "numpy" in sys.modules or _TIMEOUT in os.environ:
        return
    os.environ[_TIMEOUT] = _CYCLES
    try:
        import numpy as _  # noqa: F401, ICN001, PLC0415 - under that setting
    finally:
        del os.environ[_TIMEOUT]
