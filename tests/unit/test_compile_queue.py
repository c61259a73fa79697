from __future__ import annotations

import threading

import pytest

from pytest_a2a3sim.compile_queue import QueueLoad, CompileQueue


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
    schedule = CompileQueue(1, gate.job)
    running = schedule.submit("a", urgent=False)
    assert gate.first.wait(60)
    early = [schedule.submit(key, urgent=False) for key in "bcd"]
    urgent = schedule.submit("d", urgent=True)
    assert urgent is early[2]
    assert schedule.submit("a", urgent=True) is running
    assert schedule.submit("d", urgent=False) is urgent
    assert schedule.load() == QueueLoad(done=0, total=4, running=("a",))
    gate.open.set()
    assert [future.result(60) for future in (running, *early)] == ["A", "B", "C", "D"]
    schedule.close()
    assert gate.begun == ["a", "d", "b", "c"]
    assert schedule.load() == QueueLoad(done=4, total=4, running=())


def test_error_belongs_to_its_key() -> None:
    gate = Gate()
    gate.open.set()
    schedule = CompileQueue(2, gate.job)
    bad, good = schedule.submit("bad", urgent=True), schedule.submit("good", urgent=True)
    assert good.result(60) == "GOOD"
    with pytest.raises(ValueError, match="bad"):
        bad.result(60)
    schedule.close()


def test_close_cancels_what_has_not_begun() -> None:
    gate = Gate()
    schedule = CompileQueue(1, gate.job)
    running = schedule.submit("a", urgent=False)
    assert gate.first.wait(60)
    waiting = schedule.submit("b", urgent=False)
    closing = threading.Thread(target=schedule.close)
    closing.start()
    gate.open.set()
    closing.join(60)
    assert running.result(60) == "A"
    assert waiting.cancelled()
    assert schedule.submit("c", urgent=True).cancelled()
