"""The places of a model: who computes, who waits, and who has to end."""

from __future__ import annotations

import pytest

from mav_engine.errors import Busy
from mav_engine.server.runs.run_queue import PATIENCE_S, RunQueue, Slot


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(clock: Clock) -> RunQueue:
    return RunQueue(capacity=2, max_waiting=2, clock=clock)


def positions(taken: list[Slot]) -> list[int]:
    return [slot.position for slot in taken]


def test_a_blocked_run_gives_its_slot_to_the_next_one(queue: RunQueue) -> None:
    taken = [queue.take() for _ in range(4)]
    assert positions(taken) == [0, 0, 1, 2]
    taken[0].set_blocked(True)
    assert positions(taken) == [0, 0, 0, 1]
    assert (queue.active, queue.waiting) == (3, 1)
    taken[0].set_blocked(False)  # it goes on, though no place has become free
    assert (queue.active, queue.waiting) == (3, 1)
    taken[1].leave()  # two are still served
    assert positions(taken[2:]) == [0, 1]
    taken[2].leave()
    assert (queue.active, queue.waiting) == (2, 0)


def test_of_blocked_runs_the_one_blocked_longest_ends_for_those_that_wait(
    queue: RunQueue, clock: Clock
) -> None:
    evicted: list[int] = []
    taken = [queue.take() for _ in range(4)]
    for number, slot in enumerate(taken):
        slot.on_evicted = lambda number=number: evicted.append(number)  # type: ignore[misc]
    for slot in taken[:3]:
        slot.set_blocked(True)
    # Two have given up their slots; the third must keep its own.
    assert (positions(taken), queue.active, queue.waiting) == ([0, 0, 0, 0], 4, 0)
    last = queue.take()
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
    for slot in [*taken, last]:
        slot.leave()
    assert (queue.active, queue.waiting) == (0, 0)


def test_no_run_is_evicted_where_none_waits(queue: RunQueue, clock: Clock) -> None:
    taken = [queue.take() for _ in range(4)]
    for slot in taken:
        slot.on_evicted = lambda: pytest.fail("nobody waits")
        slot.set_blocked(True)
    clock.now = 10 * PATIENCE_S
    for slot in taken:
        slot.set_blocked(True)
    assert queue.active == 4


def test_at_most_twice_as_many_runs_as_slots_use_memory(queue: RunQueue) -> None:
    taken = [queue.take() for _ in range(4)]
    for _ in range(20):
        for slot in taken:
            slot.set_blocked(True)
        for slot in taken:
            slot.set_blocked(False)
        assert queue.active <= 4
    for _ in range(2):
        queue.take()
    with pytest.raises(Busy):
        queue.take()
    assert queue.active <= 4


def test_a_slot_that_was_given_up_is_never_taken_again(queue: RunQueue) -> None:
    slot = queue.take()
    slot.leave()
    slot.set_blocked(True)
    slot.set_blocked(False)
    assert queue.active == 0
