from __future__ import annotations

import threading

import pytest

from pytest_a2a3sim.building.queue import CompileQueue, QueueLoad


class Gate:
    """Jobs that wait until they are let through, and the order in which they began."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.first = threading.Event()
        self.open = threading.Event()

    def job(self, key: str) -> str:
        self.begun.append(key)
        self.first.set()
        assert self.open.wait(60)
        if key == "bad":
            raise ValueError(key)
        return key.upper()


def test_urgent_jobs_come_first_and_each_key_runs_once() -> None:
    gate = Gate()
    queue = CompileQueue(1, gate.job)
    running = queue.submit("a", urgent=False)
    assert gate.first.wait(60)
    early = [queue.submit(key, urgent=False) for key in "bcd"]
    urgent = queue.submit("d", urgent=True)
    assert urgent is early[2]
    assert queue.submit("a", urgent=True) is running
    assert queue.submit("d", urgent=False) is urgent
    assert queue.load() == QueueLoad(done=0, total=4, running=("a",))
    gate.open.set()
    assert [future.result(60) for future in (running, *early)] == ["A", "B", "C", "D"]
    queue.close()
    assert gate.begun == ["a", "d", "b", "c"]
    assert queue.load() == QueueLoad(done=4, total=4, running=())


def test_error_belongs_to_its_key() -> None:
    gate = Gate()
    gate.open.set()
    queue = CompileQueue(2, gate.job)
    bad, good = queue.submit("bad", urgent=True), queue.submit("good", urgent=True)
    assert good.result(60) == "GOOD"
    with pytest.raises(ValueError, match="bad"):
        bad.result(60)
    queue.close()


def test_close_cancels_what_has_not_begun() -> None:
    gate = Gate()
    queue = CompileQueue(1, gate.job)
    running = queue.submit("a", urgent=False)
    assert gate.first.wait(60)
    waiting = queue.submit("b", urgent=False)
    closing = threading.Thread(target=queue.close)
    closing.start()
    gate.open.set()
    closing.join(60)
    assert running.result(60) == "A"
    assert waiting.cancelled()
    assert queue.submit("c", urgent=True).cancelled()
