"""os.fork() in one thread, while another one does what a child must not have half done."""

from __future__ import annotations

import os
import threading

import pytest

from pytest_a2a3sim.building.starting import unforked

FORKS = 20


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_no_child_has_it_half_done() -> None:
    is_half_done = False
    is_over = threading.Event()

    def work() -> None:
        nonlocal is_half_done
        while not is_over.is_set():
            with unforked():
                is_half_done = True
                sum(range(10_000))
                is_half_done = False

    worker = threading.Thread(target=work)
    worker.start()
    seen = set()
    for _ in range(FORKS):
        child = os.fork()
        if child == 0:
            os._exit(int(is_half_done))
        seen.add(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    is_over.set()
    worker.join()
    assert seen == {0}
