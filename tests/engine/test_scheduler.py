"""Turns at a model: who computes, who waits for whom, and what is begun ahead."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from mav_engine.backends.inference import turnstile
from mav_engine.backends.inference.scheduler import Scheduler
from tests.server.servers import until

PATIENCE_S = 60.0


class _Doubled:
    """Doubles numbers; keeps the batches, and can be held in the middle of one."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)
        self.held = True

    def __call__(self, asks: Sequence[int]) -> list[int | Exception]:
        self.batches.append(sorted(asks))
        self.begun.release()
        if self.held:
            assert self.go_on.acquire(timeout=PATIENCE_S)
        return [KeyError(ask) if ask < 0 else 2 * ask for ask in asks]


@pytest.fixture
def doubled() -> Iterator[_Doubled]:
    doubled = _Doubled()
    yield doubled
    doubled.held = False
    doubled.go_on.release(100)


def _spawn(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_requests_during_a_batch_are_in_the_next_one(doubled: _Doubled) -> None:
    scheduler: Scheduler[int, int] = Scheduler(doubled)
    answers: dict[int, int] = {}

    def ask(number: int) -> None:
        answers[number] = scheduler.submit(number, number)

    threads = [_spawn(lambda: ask(1))]
    assert doubled.begun.acquire(timeout=PATIENCE_S)
    threads += [_spawn(lambda number=number: ask(number)) for number in (2, 3, 4)]  # type: ignore[misc]
    until(lambda: len(scheduler._submitted) == 3)
    doubled.go_on.release(2)
    for thread in threads:
        thread.join(PATIENCE_S)
    assert doubled.batches == [[1], [2, 3, 4]]
    assert answers == {1: 2, 2: 4, 3: 6, 4: 8}


def test_an_exception_is_raised_in_the_thread_that_requested(doubled: _Doubled) -> None:
    doubled.held = False
    scheduler: Scheduler[int, int] = Scheduler(doubled)
    with pytest.raises(KeyError):
        scheduler.submit("a", -1)
    assert scheduler.submit("a", 4) == 8


def test_a_leader_that_is_interrupted_leaves_the_others_an_answer() -> None:
    begun, go_on = threading.Event(), threading.Event()
    caught: list[BaseException] = []

    def interrupted(asks: Sequence[int]) -> list[int | Exception]:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        if len(asks) > 1:
            raise KeyboardInterrupt
        return list(asks)

    scheduler: Scheduler[int, int] = Scheduler(interrupted)

    def ask(number: int) -> None:
        try:
            scheduler.submit(number, number)
        except BaseException as error:
            caught.append(error)

    threads = [_spawn(lambda: ask(1))]
    assert begun.wait(PATIENCE_S)
    threads += [_spawn(lambda: ask(2)), _spawn(lambda: ask(3))]
    until(lambda: len(scheduler._submitted) == 2)
    go_on.set()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    assert sorted(type(error).__name__ for error in caught) == ["KeyboardInterrupt", "RuntimeError"]
    scheduler.leave(2)
    scheduler.leave(3)
    assert scheduler.submit(1, 1) == 1


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody goes on because the time is over."""
    monkeypatch.setattr(turnstile, "_MIN_PATIENCE_S", PATIENCE_S)
    monkeypatch.setattr(turnstile, "_MAX_PATIENCE_S", PATIENCE_S)


@pytest.fixture
def scheduler(doubled: _Doubled, patient: None) -> Scheduler[int, int]:  # noqa: ARG001
    doubled.held = False
    return Scheduler(doubled)


def test_answered_threads_continue_one_after_the_other(scheduler: Scheduler[int, int]) -> None:
    going_on: set[int] = set()
    together: list[set[int]] = []

    def ask(number: int) -> None:
        for _ in range(20):
            assert scheduler.submit(number, number) == 2 * number
            going_on.add(number)
            time.sleep(0)  # whoever else may go on does
            together.append(set(going_on))
            going_on.discard(number)
        scheduler.leave(number)

    threads = [_spawn(lambda number=number: ask(number)) for number in range(1, 5)]  # type: ignore[misc]
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    assert len(together) == 80
    assert all(len(each) == 1 for each in together)


def test_a_new_thread_does_not_wake_the_next_one(scheduler: Scheduler[int, int]) -> None:
    went_on: list[int] = []

    def ask(number: int) -> None:
        assert scheduler.submit(number, number) == 2 * number
        went_on.append(number)
        scheduler.leave(number)

    assert scheduler.submit(1, 1) == 2
    threads = [_spawn(lambda: ask(2))]
    until(lambda: len(scheduler._submitted) == 1)
    assert scheduler.submit(1, 1) == 2
    threads.append(_spawn(lambda: ask(3)))
    until(lambda: len(scheduler._submitted) == 1)
    assert [each.who for each in scheduler._turnstile._answered] == [2]
    assert went_on == []
    assert scheduler.submit(1, 1) == 2
    scheduler.leave(1)
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    assert went_on == [2, 3]


def test_a_run_that_stays_away_delays_no_other(doubled: _Doubled) -> None:
    doubled.held = False
    scheduler: Scheduler[int, int] = Scheduler(doubled)
    assert scheduler.submit("stays away", 1) == 2
    for number in range(3):
        assert scheduler.submit("goes on", number) == 2 * number
    assert scheduler.submit("stays away", 5) == 10


def test_steps_come_between_the_parts_of_a_prompt(doubled: _Doubled) -> None:
    scheduler: Scheduler[int, int] = Scheduler(doubled)
    doubled.held = False
    order: list[str] = []
    in_first_part, requested = threading.Event(), threading.Event()

    def read_prompt() -> None:
        for part in range(3):
            with scheduler.exclusive("other"):
                order.append(f"part {part}")
                in_first_part.set()
                assert requested.wait(PATIENCE_S)

    def step() -> None:
        scheduler.submit("step", 1)
        order.append("step")

    threads = [_spawn(read_prompt)]
    assert in_first_part.wait(PATIENCE_S)
    threads.append(_spawn(step))
    until(lambda: len(scheduler._submitted) == 1)
    requested.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert doubled.batches == [[1]]
    assert order[0] == "part 0"
    assert order.index("step") > 0


def test_nothing_else_is_computed_while_one_is_alone(doubled: _Doubled) -> None:
    doubled.held = False
    scheduler: Scheduler[int, int] = Scheduler(doubled)
    with scheduler.exclusive("other"):
        thread = _spawn(lambda: scheduler.submit("a", 1))
        other = _spawn(lambda: _alone(scheduler))
        until(lambda: len(scheduler._submitted) == len(scheduler._turnstile.others) == 1)
        assert doubled.batches == []
    thread.join(PATIENCE_S)
    other.join(PATIENCE_S)
    assert doubled.batches == [[1]]


def _alone(scheduler: Scheduler[int, int]) -> None:
    with scheduler.exclusive("other"):
        pass


def test_exclusive_access_waits_for_the_answered_threads(scheduler: Scheduler[int, int]) -> None:
    asking: list[int] = []

    def alone() -> None:
        with scheduler.exclusive("c"):
            asking.append(len(scheduler._submitted))

    assert scheduler.submit("a", 1) == 2
    threads = [_spawn(lambda: _ask_and_leave(scheduler, "b", 2, 3))]
    until(lambda: len(scheduler._submitted) == 1)
    assert scheduler.submit("a", 3) == 6
    threads.append(_spawn(alone))
    until(lambda: len(scheduler._turnstile.others) == 1)
    assert asking == []
    assert scheduler.submit("a", 4) == 8
    scheduler.leave("a")
    _join(threads)
    assert asking == [2]


def test_a_batch_waits_for_a_thread_that_has_prefilled(
    doubled: _Doubled, scheduler: Scheduler[int, int]
) -> None:
    with scheduler.exclusive("a", then_submits=True):
        thread = _spawn(lambda: _ask_and_leave(scheduler, "b", 2))
        until(lambda: len(scheduler._submitted) == 1)
    assert doubled.batches == []
    assert scheduler.submit("a", 1) == 2
    scheduler.leave("a")
    _join([thread])
    assert doubled.batches == [[1, 2]]


def test_a_thread_that_keeps_its_answer_does_not_block_exclusive_access(doubled: _Doubled) -> None:
    doubled.held = False
    scheduler: Scheduler[int, int] = Scheduler(doubled)
    assert scheduler.submit("stays away", 1) == 2
    with scheduler.exclusive("other"):
        assert not scheduler._turnstile.present


class _Background:
    """Each asks the next number, up to one that ends in 2; what was begun is computed when it is
    waited for."""

    def __init__(self) -> None:
        self.begun: list[list[int]] = []
        self.finished: list[list[int]] = []
        self.broken = False

    def next_request(self, ask: int, answer: int) -> int | None:
        assert answer == 2 * ask
        return None if ask % 10 == 2 else ask + 1

    def begin(self, asks: Sequence[int]) -> Callable[[], list[int | Exception]]:
        if self.broken:
            raise KeyboardInterrupt
        self.begun.append(sorted(asks))

        def finish() -> list[int | Exception]:
            self.finished.append(sorted(asks))
            return [KeyError(ask) if ask == 41 else 2 * ask for ask in asks]

        return finish


@pytest.fixture
def background() -> _Background:
    return _Background()


@pytest.fixture
def ahead(doubled: _Doubled, background: _Background) -> Scheduler[int, int]:
    """Turns at which `a` has asked 10, and `b` asks this number and so on, two in all."""
    doubled.held = False
    return Scheduler(doubled, background)


def _together(ahead: Scheduler[int, int], number: int = 20) -> threading.Thread:
    """Let `a` ask 10 in this thread and `b` a number and the next in the one that is given."""
    with ahead.exclusive("a", then_submits=True):
        thread = _spawn(lambda: _ask_and_leave(ahead, "b", number, number + 1))
        until(lambda: len(ahead._submitted) == 1)
    assert ahead.submit("a", 10) == 20
    return thread


@pytest.mark.usefixtures("patient")
def test_the_next_batch_begins_before_a_thread_continues(
    ahead: Scheduler[int, int], background: _Background, doubled: _Doubled
) -> None:
    thread = _together(ahead)
    assert (background.begun, background.finished) == ([[11, 21]], [])
    assert ahead.submit("a", 11) == 22
    assert background.finished == [[11, 21]]
    assert background.begun[1:] == [[12, 22]]
    assert ahead.submit("a", 12) == 24
    ahead.leave("a")
    _join([thread])
    assert doubled.batches == [[10, 20]]


def test_no_batch_begins_ahead_for_a_single_run(
    ahead: Scheduler[int, int], background: _Background
) -> None:
    assert [ahead.submit("a", number) for number in (10, 11, 12)] == [20, 22, 24]
    assert background.begun == []


def test_a_thread_that_does_not_return_is_at_most_one_step_ahead(
    ahead: Scheduler[int, int], background: _Background
) -> None:
    _join([_together(ahead)])
    assert background.begun == background.finished == [[11, 21]]
    assert ahead.submit("a", 11) == 22
    assert ahead._ahead == {}


def test_no_step_begins_ahead_for_a_thread_that_does_not_return(
    ahead: Scheduler[int, int], background: _Background
) -> None:
    with ahead.exclusive("a", then_submits=True):
        others = [
            _spawn(lambda: _ask_and_leave(ahead, "b", 20, 21, 22)),
            _spawn(lambda: _ask_and_leave(ahead, "c", 30, 31, 32)),
        ]
        until(lambda: len(ahead._submitted) == 2)
    assert ahead.submit("a", 10) == 20
    _join(others)
    assert background.begun[0] == [11, 21, 31]
    assert all(12 not in batch for batch in background.begun)
    assert [ahead.submit("a", number) for number in (11, 12)] == [22, 24]


@pytest.mark.usefixtures("patient")
def test_no_batch_begins_while_a_thread_waits_for_exclusive_access(
    ahead: Scheduler[int, int], background: _Background
) -> None:
    def alone() -> None:
        with ahead.exclusive("c"):
            pass

    with ahead.exclusive("a", then_submits=True):
        threads = [_spawn(lambda: _ask_and_leave(ahead, "b", 20, 21)), _spawn(alone)]
        until(lambda: len(ahead._submitted) == len(ahead._turnstile.others) == 1)
    assert ahead.submit("a", 10) == 20
    assert background.begun == []
    ahead.leave("a")
    _join(threads)


@pytest.mark.usefixtures("patient")
def test_a_step_ahead_is_discarded_if_its_thread_leaves(
    ahead: Scheduler[int, int], background: _Background
) -> None:
    thread = _together(ahead)
    ahead.leave("a")
    assert background.finished == [[11, 21]]
    _join([thread])
    assert not ahead.crowded
    assert ahead._ahead == {}


def test_nothing_is_under_way_while_one_is_alone(
    ahead: Scheduler[int, int], background: _Background
) -> None:
    thread = _together(ahead)
    with ahead.exclusive("c"):
        assert background.finished == [[11, 21]]
    _join([thread])
    assert ahead.submit("a", 11) == 22


@pytest.mark.usefixtures("patient")
def test_a_request_must_be_the_one_that_began_ahead(ahead: Scheduler[int, int]) -> None:
    thread = _together(ahead)
    with pytest.raises(ValueError, match="12 is submitted, but 11 was begun"):
        ahead.submit("a", 12)
    ahead.leave("a")
    _join([thread])


@pytest.mark.usefixtures("patient")
def test_an_exception_of_a_step_ahead_is_raised_at_its_request(ahead: Scheduler[int, int]) -> None:
    caught: list[Exception] = []

    def ask() -> None:
        assert ahead.submit("b", 40) == 80
        try:
            ahead.submit("b", 41)
        except KeyError as error:
            caught.append(error)
        ahead.leave("b")

    with ahead.exclusive("a", then_submits=True):
        thread = _spawn(ask)
        until(lambda: len(ahead._submitted) == 1)
    assert [ahead.submit("a", number) for number in (10, 11)] == [20, 22]
    ahead.leave("a")
    _join([thread])
    assert len(caught) == 1


@pytest.mark.usefixtures("patient")
def test_a_step_ahead_that_fails_to_begin_is_computed_later(
    ahead: Scheduler[int, int], background: _Background, doubled: _Doubled
) -> None:
    background.broken = True
    with ahead.exclusive("a", then_submits=True):
        thread = _spawn(lambda: _ask_and_leave(ahead, "b", 21, 22))
        until(lambda: len(ahead._submitted) == 1)
    with pytest.raises(KeyboardInterrupt):
        ahead.submit("a", 10)
    ahead.leave("a")
    _join([thread])
    assert doubled.batches == [[10, 21], [11, 22]]
    assert not ahead.crowded


def _ask_and_leave(scheduler: Scheduler[int, int], who: str, *numbers: int) -> None:
    for number in numbers:
        assert scheduler.submit(who, number) == 2 * number
    scheduler.leave(who)


def _join(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
