"""What earlier runs have read: used again with equal numbers, within a byte budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from mav_engine.backends import Backend, load_backend
from mav_engine.backends.inference.prefix_cache import Prefix, PrefixCache
from tests.engine.conftest import Case
from tests.engine.runs import alone, assert_alike, assert_vectors_close, tokens_of

STORY = "Once upon a time, there was a little girl named Lily. She loved to play in the garden."
MAV_TINY_POSITION_BYTES = 6 * 2 * 4 * 64 * 4
"""Layers, keys and values, heads, their dimensions, bytes of a float32."""

MakeBackend = Callable[[int], Backend]


@pytest.fixture
def make(tiny_case: Case) -> MakeBackend:
    """The embedded model with a budget for what it has read."""
    return lambda budget: load_backend(str(tiny_case.folder), prefix_bytes=budget)


class _Meter:
    """Counts the tokens that a model really reads, whichever way it reads them."""

    def __init__(self, backend: Any) -> None:
        self.tokens = 0
        self.passes = 0
        if hasattr(backend, "_model"):
            backend._model.register_forward_pre_hook(self._forward, with_kwargs=True)
        if backend._batch_decoder is not None:
            self._step = backend._batch_decoder._decoder.step
            backend._batch_decoder._decoder.step = self._counted

    def _forward(self, _module: Any, _args: Any, given: dict[str, Any]) -> None:
        self.tokens += given["input_ids"].shape[1]
        self.passes += 1

    def _counted(self, ids: torch.Tensor, *rest: Any) -> Any:
        self.tokens += len(ids)
        self.passes += 1
        return self._step(ids, *rest)

    def reset(self) -> int:
        count, self.tokens = self.tokens, 0
        return count


def test_the_same_prompt_is_read_once(make: MakeBackend) -> None:
    backend, plain = make(2**24), make(0)
    meter = _Meter(backend)
    expected = alone(plain, prompt=STORY, max_new_tokens=5)
    first = alone(backend, prompt=STORY, max_new_tokens=5)
    assert meter.reset() == len(first[1].tokens) + 4
    second = alone(backend, prompt=STORY, max_new_tokens=5)
    # The last token of the prompt is always computed, since it is measured.
    assert meter.reset() == 1 + 4
    assert_alike(first, expected)
    assert_alike(second, expected)


def test_a_prompt_is_read_from_where_it_parts(make: MakeBackend) -> None:
    backend, plain = make(2**24), make(0)
    parting = f"{STORY} Then a big dog came to see her."
    alone(backend, prompt=f"{STORY} One day her mom said no.", max_new_tokens=3)
    meter = _Meter(backend)
    ours = alone(backend, prompt=parting, max_new_tokens=3)
    common = len(backend.encode_prompt(STORY))
    assert meter.reset() == len(ours[1].tokens) - (common - 1) + 2
    assert_alike(ours, alone(plain, prompt=parting, max_new_tokens=3))


def test_what_a_run_has_written_is_not_read_again(make: MakeBackend) -> None:
    backend, plain = make(2**24), make(0)
    before = alone(backend, prompt=STORY, max_new_tokens=40, min_new_tokens=40)
    longer = STORY + before[-1].text + " Then"
    ours = backend.encode_prompt(longer)
    written = [token.token.id for token in tokens_of(before)]
    assert ours[: len(before[1].tokens) + 30] == [
        *(token.id for token in before[1].tokens),
        *written[:30],
    ]
    meter = _Meter(backend)
    events = alone(backend, prompt=longer, max_new_tokens=2)
    assert meter.reset() < 12
    assert_alike(events, alone(plain, prompt=longer, max_new_tokens=2))


def test_every_architecture_keeps_true_numbers(case: Case) -> None:
    settings = {"prompt": STORY, "max_new_tokens": 4, "capture": ["residual", "attention_rows"]}
    first = alone(case.backend, **settings)
    assert_alike(alone(case.backend, **settings), first)


def test_a_branch_reads_its_forced_tokens_together(make: MakeBackend) -> None:
    backend, plain = make(2**24), make(0)
    trunk = alone(backend, prompt=STORY, max_new_tokens=60, block_eos_steps=60)
    forced = [token.token.id for token in tokens_of(trunk)[:50]]
    settings = {"prompt": STORY, "forced_ids": [*forced, 17], "max_new_tokens": 54}
    meter = _Meter(backend)
    ours = alone(backend, **settings)
    # One for the last token of the prompt, two for 51 forced ones, and two for those after them.
    assert meter.passes == 5
    assert meter.reset() == 1 + 51 + 2
    assert [token.forced for token in tokens_of(ours)] == [True] * 51 + [False] * 3
    assert_alike(ours, alone(plain, **settings))
    logprobs = [token.logprob for token in tokens_of(ours)[:50]]
    assert logprobs == pytest.approx([token.logprob for token in tokens_of(trunk)[:50]], rel=1e-4)


def test_prefetched_tokens_have_the_measurements_of_single_steps(case: Case) -> None:
    ids = list(range(30, 80))
    points = ("resid", "mlp_out", "attn_out", "pattern", "lens")
    one_by_one, prefetched = case.backend.open(points, 64), case.backend.open(points, 64)
    for session in (one_by_one, prefetched):
        session.prefill([5, 6, 7])
    prefetched.prefetch(ids)
    for token_id in [*ids, 9]:
        expected, step = one_by_one.step(token_id), prefetched.step(token_id)
        assert step.n_keys == expected.n_keys
        for name in ("logits", *points):
            assert_vectors_close(getattr(step, name), getattr(expected, name))
    prefetched.prefetch([1, 2])
    if case.kind in {"gemma", "gemma2", "gpt_neox"}:  # read each when it is asked for
        return
    with pytest.raises(ValueError, match="token 1 was announced, not 2"):
        prefetched.step(2)
    one_by_one.close()
    prefetched.close()


def test_a_budget_of_nothing_keeps_nothing(make: MakeBackend) -> None:
    backend = make(0)
    weights = backend.memory_bytes
    meter = _Meter(backend)
    for _ in range(2):
        events = alone(backend, prompt=STORY, max_new_tokens=1)
        assert meter.reset() == len(events[1].tokens)
    assert backend.memory_bytes == weights


def test_the_budget_is_kept_and_the_oldest_goes(make: MakeBackend) -> None:
    stories = [f"{name} had a red ball and went to the park with a dog." for name in ("Tim", "Al")]
    room = 20 * (MAV_TINY_POSITION_BYTES + 100)
    backend = make(room)
    weights, meter = backend.memory_bytes, _Meter(backend)
    for prompt in stories:
        count = len(alone(backend, prompt=prompt, max_new_tokens=1)[1].tokens)
        assert 10 < count < 20
        assert weights < backend.memory_bytes <= weights + room
    meter.reset()
    alone(backend, prompt=stories[1], max_new_tokens=1)
    assert meter.reset() == 1
    alone(backend, prompt=stories[0], max_new_tokens=1)
    assert meter.reset() > 10


def _prefix(ids: Sequence[int]) -> Prefix:
    zeros = np.zeros(len(ids))
    return Prefix(np.array(ids), torch.zeros((2, 2, 1, len(ids), 4)), zeros, zeros)


def test_one_text_is_kept_for_all_that_it_begins_with() -> None:
    prefixes = PrefixCache(10**6)
    prefixes.keep(_prefix(range(20)))
    prefixes.keep(_prefix(range(30)))
    assert prefixes.nbytes == _prefix(range(30)).nbytes
    assert not prefixes.wants(range(25), 1000)
    assert prefixes.wants([*range(25), 99], 1000)
    assert not prefixes.wants([7, 8], 10**7)


def test_the_longest_beginning_is_taken() -> None:
    prefixes = PrefixCache(10**6)
    prefixes.keep(_prefix([*range(20), 50]))
    prefixes.keep(_prefix([*range(12), 60]))
    found = prefixes.longest([*range(20), 70, 71])
    assert found is not None
    assert found[1] == 19
    assert prefixes.longest([1, 2, 3]) is None
    assert prefixes.longest(range(5)) is None
    prefixes.clear()
    assert prefixes.longest(range(20)) is None
