from __future__ import annotations

import pytest

from pytest_a2a3sim.model.order_options import parse_schedule
from pytest_a2a3sim.model.schedule import Schedule
from pytest_a2a3sim.model.values import parse_threads


@pytest.mark.parametrize(
    ("text", "threads"), [("1", 1), ("72", 72), (" 4 ", 4), ("cores", "cores")]
)
def test_threads(text: str, threads: int | str) -> None:
    assert parse_threads(text) == threads


@pytest.mark.parametrize("text", ["0", "-1", "2.5", "many", "", "1e3"])
def test_bad_threads(text: str) -> None:
    with pytest.raises(ValueError, match="must be an int, at least 1, or 'cores'"):
        parse_threads(text)


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("fifo", Schedule("fifo")),
        ("lifo", Schedule("lifo")),
        ("creation", Schedule("creation")),
        ("reverse", Schedule("reverse")),
        ("random:0", Schedule("random", 0)),
        (f"random:{2**64 - 1}", Schedule("random", 2**64 - 1)),
        ("before:7,3", Schedule.before(7, 3)),
        (f"before:0,{2**31 - 1}", Schedule.before(0, 2**31 - 1)),
    ],
)
def test_schedule(text: str, schedule: Schedule) -> None:
    assert parse_schedule(text) == schedule
    assert str(schedule) == text


def test_random_draws_a_seed_that_repeats_it() -> None:
    drawn = parse_schedule("random")
    assert drawn.order == "random"
    assert parse_schedule(str(drawn)) == drawn


@pytest.mark.parametrize("text", ["", "fifo:1", "random:", "random:-1", f"random:{2**64}", "best"])
def test_bad_schedule(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be fifo, lifo, creation, .* or before:TASK,TASK"):
        parse_schedule(text)


def test_tasks_of_before() -> None:
    assert parse_schedule("before: 7, 3").tasks == (7, 3)


@pytest.mark.parametrize(
    "text", ["", ":", ":7", ":7,", ":7,3,1", ":3,3", ":-1,3", ":a,b", f":1,{2**31}", ":3.0,1"]
)
def test_bad_tasks_of_before(text: str) -> None:
    with pytest.raises(ValueError, match="must name two tasks by their ids, as in before:7,3"):
        parse_schedule(f"before{text}")
