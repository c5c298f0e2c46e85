"""Many at once: runs that share forward passes have the numbers that each has alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from mav_engine import RunSettings, run
from mav_engine.backends import Backend
from mav_engine.backends.inference import batch_decoder as stepping
from mav_engine.backends.inference.batch_decoder import DecodeRequest
from mav_engine.contract.events import Event, LensRow, Token
from mav_engine.generation.capture import HookPoint
from tests.engine.conftest import Case

CLOSE: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-5}
POINTS: frozenset[HookPoint] = frozenset({"resid", "mlp_out", "attn_out", "pattern"})
PATIENCE_S = 60.0
MANY: list[dict[str, Any]] = [
    {"prompt": "Once upon a time, there was a little girl", "max_new_tokens": 24},
    {"prompt": "One day", "max_new_tokens": 9, "temperature": 0.9, "seed": 1},
    {"prompt": "One day", "max_new_tokens": 30, "temperature": 0.9, "seed": 2},
    {"prompt": "The sun", "max_new_tokens": 16, "capture": ["attention_rows", "logit_lens"]},
    {"prompt": "Tom and Sue went to the park. " * 4, "max_new_tokens": 20, "capture": []},
    {"prompt": "A big bear", "max_new_tokens": 12, "forced_ids": [5, 6, 7]},
    {"prompt": "Mom said", "max_new_tokens": 1},
    {"prompt": "Ben had a red ball and", "max_new_tokens": 27, "min_new_tokens": 27},
]
"""Runs of unlike beginnings, lengths, seeds and probes."""


def alone(backend: Backend, **settings: Any) -> list[Event]:
    return list(run(RunSettings(**settings), backend=backend))


def together(backend: Backend, many: Sequence[dict[str, Any]]) -> list[list[Event]]:
    """The events of runs on a thread each, all let go at the same moment."""
    told: list[list[Event]] = [[] for _ in many]
    start = threading.Barrier(len(many))

    def work(place: int) -> None:
        start.wait(PATIENCE_S)
        told[place] = alone(backend, **many[place])

    threads = [threading.Thread(target=work, args=(place,)) for place in range(len(many))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    return told


def tokens_of(events: Sequence[Event]) -> list[Token]:
    return [event for event in events if isinstance(event, Token)]


def assert_alike(ours: Sequence[Event], theirs: Sequence[Event]) -> None:
    """Runs that came to their end: the same tokens, and every measurement to 1e-4."""
    assert theirs[-1].type == "done", theirs[-1]
    assert [event.type for event in ours] == [event.type for event in theirs]
    for one, other in zip(ours[1].tokens[1:], theirs[1].tokens[1:], strict=True):
        assert one.id == other.id
        assert one.logprob == pytest.approx(other.logprob, rel=1e-4, abs=1e-5)
        assert one.entropy == pytest.approx(other.entropy, rel=1e-4, abs=1e-5)
    for one, other in zip(tokens_of(ours), tokens_of(theirs), strict=True):
        assert (one.token, one.text, one.rank) == (other.token, other.text, other.rank)
        assert one.logprob == pytest.approx(other.logprob, rel=1e-4, abs=1e-5)
        assert one.entropy == pytest.approx(other.entropy, rel=1e-4, abs=1e-5)
        rows = [(row.logit, row.prob, row.sampled_prob) for row in other.top]
        np.testing.assert_allclose(
            [(row.logit, row.prob, row.sampled_prob) for row in one.top], rows, **CLOSE
        )
        np.testing.assert_allclose(
            one.distribution.rank_bins, other.distribution.rank_bins, **CLOSE
        )
        for name in ("resid_norm", "mlp_norm", "attn_norm", "attn_entropy"):
            _assert_close(getattr(one.layers, name), getattr(other.layers, name))
        _assert_close(one.attention_rows, other.attention_rows)
        _assert_same_lens(one.logit_lens, other.logit_lens)
    assert ours[-1].text == theirs[-1].text
    assert ours[-1].reason == theirs[-1].reason


def _assert_same_lens(one: Sequence[LensRow] | None, other: Sequence[LensRow] | None) -> None:
    assert (one is None) == (other is None)
    for ours, theirs in zip(one or (), other or (), strict=True):
        assert (ours.id, ours.rank) == (theirs.id, theirs.rank)
        assert ours.prob == pytest.approx(theirs.prob, rel=1e-4, abs=1e-6)


def _assert_close(one: np.ndarray | None, other: np.ndarray | None) -> None:
    assert (one is None) == (other is None)
    if one is not None:
        np.testing.assert_allclose(one, other, **CLOSE)


def assert_vectors_close(one: np.ndarray, other: np.ndarray) -> None:
    """To 1e-5 of the largest: a small component of a long vector has the vector's error."""
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-5 * float(np.abs(other).max()))


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the batches that the fresh model computes."""
    return watched(monkeypatch)


def watched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sizes: list[int] = []
    made = stepping._Batch

    def counted(asks: Sequence[DecodeRequest], kind: Any) -> Any:
        sizes.append(len(asks))
        return made(asks, kind)

    monkeypatch.setattr(stepping, "_Batch", counted)
    return sizes


def test_runs_together_have_the_numbers_of_each_alone(fresh: Backend, batches: list[int]) -> None:
    expected = [alone(fresh, **settings) for settings in MANY]
    assert set(batches) == {1}
    batches.clear()
    for ours, theirs in zip(together(fresh, MANY), expected, strict=True):
        assert_alike(ours, theirs)
    assert max(batches) > 1
    # Every token is a row of some batch, but those that the prompt gives and those foreseen.
    steps = sum(len(tokens_of(events)) - 1 for events in expected)
    assert sum(batches) == steps - len(MANY[5]["forced_ids"])


def test_every_architecture_serves_many(case: Case) -> None:
    many = [{**settings, "capture": ["residual", "mlp"]} for settings in MANY[:4]]
    expected = [alone(case.backend, **settings) for settings in many]
    assert not case.backend._scheduler.crowded  # type: ignore[attr-defined]
    for ours, theirs in zip(together(case.backend, many), expected, strict=True):
        assert_alike(ours, theirs)


def test_rows_of_one_batch_are_steps_of_their_own(case: Case) -> None:
    batch_decoder: Any = case.backend._batch_decoder
    if batch_decoder is None:
        assert case.kind in {"gemma", "gemma2", "gpt_neox"}  # these take turns
        return
    texts = [[9], [5, 6, 7, 8, 9, 10, 11], [5, 6, 7], list(range(20, 60)), [3, 2]]
    single = [case.backend.open(POINTS, 64) for _ in texts]
    joined: list[Any] = [case.backend.open(POINTS, 64) for _ in texts]
    for session, other, text in zip(single, joined, texts, strict=True):
        session.prefill(text)
        other.prefill(text)
    joined[1].close()  # a gap between neighbours
    there = [0, 2, 3, 4]
    for token_id in (17, 0, 4090):
        expected = [single[place].step(token_id + place) for place in there]
        asks = [DecodeRequest(token_id + place, joined[place].past, POINTS) for place in there]
        for one, other in zip(expected, batch_decoder.read_all(asks), strict=True):
            assert one.n_keys == other.n_keys
            for name in ("logits", *POINTS):
                assert_vectors_close(getattr(other, name), getattr(one, name))
    for session in (*single, *joined):
        session.close()


def test_a_text_that_outgrows_its_slab_keeps_its_past(fresh: Backend) -> None:
    settings = {"prompt": "cat dog " * 120, "max_new_tokens": 60, "block_eos_steps": 60}
    many = [settings, {"prompt": "One", "max_new_tokens": 60, "block_eos_steps": 60}]
    expected = [alone(fresh, **each) for each in many]
    assert len(expected[0][1].tokens) < 256 < len(expected[0][1].tokens) + 60
    for ours, theirs in zip(together(fresh, many), expected, strict=True):
        assert_alike(ours, theirs)


def _let_fail(
    decoder: Any, fails: Callable[[list[int]], Exception | None], patch: pytest.MonkeyPatch
) -> None:
    """Let passes fail for texts of some lengths, in the background too."""

    def failing(run: Callable[..., Any]) -> Callable[..., Any]:
        def checked(ids: torch.Tensor, seen: Any, *given: Any) -> Any:
            error = fails(seen.lengths)
            if error is not None:
                raise error
            return run(ids, seen, *given)

        return checked

    for name in ("step", "begin"):
        if hasattr(decoder, name):
            patch.setattr(decoder, name, failing(getattr(decoder, name)))


def test_a_run_that_fails_hurts_no_other(fresh: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [alone(fresh, **settings) for settings in MANY]
    bad = {"prompt": "cat dog " * 80, "max_new_tokens": 10}
    length = len(fresh.encode_prompt(bad["prompt"])) + 2
    decoder = fresh._batch_decoder._decoder
    boom = ValueError("boom")
    _let_fail(decoder, lambda lengths: boom if length in lengths else None, monkeypatch)
    *others, broken = together(fresh, [*MANY, bad])
    assert [event.type for event in broken] == ["start", "prompt", *["token"] * 3, "error"]
    assert broken[-1].code == "run_failed"
    for ours, theirs in zip(others, expected, strict=True):
        assert_alike(ours, theirs)


def test_a_batch_too_large_for_the_memory_is_cut(
    fresh: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [alone(fresh, **settings) for settings in MANY]
    decoder = fresh._batch_decoder._decoder
    full = torch.OutOfMemoryError("no room")
    _let_fail(decoder, lambda lengths: full if len(lengths) > 2 else None, monkeypatch)
    for ours, theirs in zip(together(fresh, MANY), expected, strict=True):
        assert_alike(ours, theirs)
    _let_fail(decoder, lambda _: full, monkeypatch)
    assert alone(fresh, **MANY[0])[-1].code == "out_of_memory"


def test_numbers_that_are_not_finite_stay_with_their_run(fresh: Any) -> None:
    batch_decoder = fresh._batch_decoder
    sound, broken = fresh.open(POINTS, 64), fresh.open(POINTS, 64)
    sound.prefill([5, 6, 7])
    broken.prefill([5, 6, 7, 8, 9])
    expected = batch_decoder.read_all([DecodeRequest(11, sound.past, POINTS)])[0]
    sound.past.length -= 1
    with torch.inference_mode():
        broken.past.reserve(6)[:] = torch.nan
    one, other = batch_decoder.read_all(
        [DecodeRequest(11, s.past, POINTS) for s in (sound, broken)]
    )
    assert_vectors_close(one.logits, expected.logits)
    assert one.prediction is not None
    assert np.isnan(other.logits).all()
    assert other.prediction is None
    # Nor does it stay in the slot for the next one, which is shorter than its neighbour.
    broken.past.close()
    after = fresh.open(POINTS, 64)
    after.prefill([3])
    for step in batch_decoder.read_all([DecodeRequest(11, s.past, POINTS) for s in (sound, after)]):
        assert np.isfinite(step.logits).all()


def test_who_leaves_in_the_middle_hurts_no_other(fresh: Backend) -> None:
    expected = [alone(fresh, **settings) for settings in MANY]
    gone = threading.Event()

    def leave() -> None:
        for seed in range(6):
            settings = RunSettings(prompt="Gone", max_new_tokens=50, seed=seed)
            events = run(settings, backend=fresh)
            for _ in range(5):
                next(events)
            events.close()
        gone.set()

    thread = threading.Thread(target=leave)
    thread.start()
    told = together(fresh, MANY)
    assert gone.wait(PATIENCE_S)
    thread.join(PATIENCE_S)
    for ours, theirs in zip(told, expected, strict=True):
        assert_alike(ours, theirs)
    assert not fresh._batch_decoder.scheduler.crowded  # type: ignore[attr-defined]
