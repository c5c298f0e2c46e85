"""The places of a model: who computes, who waits, and who has to end."""

from __future__ import annotations

import pytest

from api.places import PATIENCE_S, Place, Places
from mav_engine.errors import Busy


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def places(clock: Clock) -> Places:
    return Places(capacity=2, max_waiting=2, clock=clock)


def positions(taken: list[Place]) -> list[int]:
    return [place.position for place in taken]


def test_a_blocked_run_gives_its_place_to_the_next_one(places: Places) -> None:
    taken = [places.take() for _ in range(4)]
    assert positions(taken) == [0, 0, 1, 2]
    taken[0].set_blocked(True)
    assert positions(taken) == [0, 0, 0, 1]
    assert (places.active, places.waiting) == (3, 1)
    taken[0].set_blocked(False)  # it goes on, though no place has become free
    assert (places.active, places.waiting) == (3, 1)
    taken[1].leave()  # two are still served
    assert positions(taken[2:]) == [0, 1]
    taken[2].leave()
    assert (places.active, places.waiting) == (2, 0)


def test_of_blocked_runs_the_one_blocked_longest_ends_for_those_that_wait(
    places: Places, clock: Clock
) -> None:
    evicted: list[int] = []
    taken = [places.take() for _ in range(4)]
    for number, place in enumerate(taken):
        place.on_evicted = lambda number=number: evicted.append(number)  # type: ignore[misc]
    for place in taken[:3]:
        place.set_blocked(True)
    # Two have given up their places, and the third, which may not, keeps its own.
    assert (positions(taken), places.active, places.waiting) == ([0, 0, 0, 0], 4, 0)
    last = places.take()
    assert last.position == 1
    clock.now = PATIENCE_S / 2
    taken[1].set_blocked(False)
    taken[1].set_blocked(True)
    taken[2].set_blocked(True)
    assert evicted == []
    clock.now = PATIENCE_S
    taken[2].set_blocked(True)
    assert len(evicted) == 1
    assert last.position == 0
    for place in [*taken, last]:
        place.leave()
    assert (places.active, places.waiting) == (0, 0)


def test_nobody_has_to_end_where_nobody_waits(places: Places, clock: Clock) -> None:
    taken = [places.take() for _ in range(4)]
    for place in taken:
        place.on_evicted = lambda: pytest.fail("nobody waits")
        place.set_blocked(True)
    clock.now = 10 * PATIENCE_S
    for place in taken:
        place.set_blocked(True)
    assert places.active == 4


def test_at_most_twice_as_many_runs_as_places_hold_memory(places: Places) -> None:
    taken = [places.take() for _ in range(4)]
    for _ in range(20):
        for place in taken:
            place.set_blocked(True)
        for place in taken:
            place.set_blocked(False)
        assert places.active <= 4
    for _ in range(2):
        places.take()
    with pytest.raises(Busy):
        places.take()
    assert places.active <= 4


def test_a_place_that_was_left_is_never_taken_again(places: Places) -> None:
    place = places.take()
    place.leave()
    place.set_blocked(True)
    place.set_blocked(False)
    assert places.active == 0
