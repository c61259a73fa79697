"""What a session keeps from one case to the next."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any


class BetweenCases:
    """Processes of a session that outlive a case.

    Attributes:
        last_steps: what is left to do when the verdict of a case is there: the system takes the
            case's process apart. Closed before the next case's starts.
        processes: that are of use for later cases.
        process_server: the engine's, one of these.
    """

    def __init__(self) -> None:
        self.last_steps = ExitStack()
        self.processes = ExitStack()
        self.process_server: Any = None

    def close(self) -> None:
        """Ends all of them; later cases begin anew."""
        self.last_steps.close()
        self.process_server = None
        self.processes.close()
