"""In which order tests are handed out to xdist's workers, and which go to one of them."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from pytest_a2a3sim.plugin.balance import Plan


def nodeids(*sizes: int) -> list[str]:
    return [f"k{file}/golden.py::{n}" for file, size in enumerate(sizes) for n in range(size)]


def test_long_cases_come_first_and_the_others_by_golden() -> None:
    names = nodeids(2, 3, 3)
    seconds = dict.fromkeys(names, 1.0) | {names[4]: 9.0, names[7]: 20.0}
    order = Plan.of(names, seconds, 2).order()
    assert [names[i] for i in order] == [
        *("k2/golden.py::2", "k1/golden.py::2"),
        *("k2/golden.py::0", "k2/golden.py::1", "k1/golden.py::0", "k1/golden.py::1"),
        *("k0/golden.py::0", "k0/golden.py::1"),
    ]


def test_cases_of_one_golden_stay_together_while_much_is_left() -> None:
    names = nodeids(*[4] * 8)
    plan = Plan.of(names, dict.fromkeys(names, 1.0), 2)
    pending = plan.order()
    sent = []
    while pending:
        piece = plan.piece(pending)
        assert piece == pending[: len(piece)]
        assert len({names[i].partition("::")[0] for i in piece}) == 1
        sent.append(len(piece))
        del pending[: len(piece)]
    assert sent[:5] == [4] * 5
    assert sent[-4:] == [1] * 4


def test_cases_without_a_record_take_as_long_as_others_do() -> None:
    names = nodeids(1, 1, 1)
    plan = Plan.of(names, {names[0]: 1.0, names[1]: None, names[2]: 3.0}, 2)
    assert plan.seconds == [1.0, 2.0, 3.0]


def test_tests_that_are_no_cases_come_last_in_their_order() -> None:
    names = ["test_a.py::one", "test_a.py::two", *nodeids(1), "test_b.py::one"]
    plan = Plan.of(names, {names[2]: 0.5}, 2)
    assert [names[i] for i in plan.order()] == [names[2], names[0], names[1], names[3]]


@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=8),
    st.integers(1, 9),
    st.integers(0, 2**32),
)
def test_every_test_is_handed_out_once(sizes: list[int], workers: int, seed: int) -> None:
    chance = random.Random(seed)
    names = [*nodeids(*sizes), "test_a.py::one"]
    chance.shuffle(names)
    seconds = {
        name: chance.choice([None, chance.expovariate(1)]) for name in names if "golden" in name
    }
    plan = Plan.of(names, seconds, workers)
    pending, sent = plan.order(), list[int]()
    while pending:
        piece = plan.piece(pending)
        assert piece
        sent += piece
        del pending[: len(piece)]
    assert sorted(sent) == list(range(len(names)))
