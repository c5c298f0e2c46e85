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
from mav_engine.backends.inference import batch_decoder
from mav_engine.backends.inference.batch_decoder import DecodeRequest
from mav_engine.generation.capture import HookPoint
from tests.engine.conftest import Case
from tests.engine.runs import (
    MANY,
    PATIENCE_S,
    alone,
    assert_alike,
    assert_vectors_close,
    together,
    tokens_of,
)

POINTS: frozenset[HookPoint] = frozenset({"resid", "mlp_out", "attn_out", "pattern"})


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the batches that the fresh model computes."""
    return watched(monkeypatch)


def watched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sizes: list[int] = []
    made = batch_decoder._Batch

    def counted(asks: Sequence[DecodeRequest], kind: Any) -> Any:
        sizes.append(len(asks))
        return made(asks, kind)

    monkeypatch.setattr(batch_decoder, "_Batch", counted)
    return sizes


def test_runs_together_have_the_numbers_of_each_alone(fresh: Backend, batches: list[int]) -> None:
    expected = [alone(fresh, **settings) for settings in MANY]
    assert set(batches) == {1}
    batches.clear()
    for ours, theirs in zip(together(fresh, MANY), expected, strict=True):
        assert_alike(ours, theirs)
    assert max(batches) > 1
    # Every token is a row of some batch, except those of the prompt and prefetched ones.
    steps = sum(len(tokens_of(events)) - 1 for events in expected)
    assert sum(batches) == steps - len(MANY[5]["forced_ids"])


def test_every_architecture_serves_many(case: Case) -> None:
    many = [{**settings, "capture": ["residual", "mlp"]} for settings in MANY[:4]]
    for backend in case.backends:
        expected = [alone(backend, **settings) for settings in many]
        shared = backend._batch_decoder
        assert not (backend._scheduler if shared is None else shared.scheduler).crowded
        for ours, theirs in zip(together(backend, many), expected, strict=True):
            assert_alike(ours, theirs)


def test_rows_of_one_batch_are_steps_of_their_own(case: Case) -> None:
    if case.by_transformers._batch_decoder is None:
        assert case.kind in {"gemma", "gemma2", "gpt_neox"}  # these take turns
        return
    for backend in case.backends:
        check_rows_of_one_batch(backend)


def check_rows_of_one_batch(backend: Any) -> None:
    batch_decoder = backend._batch_decoder
    texts = [[9], [5, 6, 7, 8, 9, 10, 11], [5, 6, 7], list(range(20, 60)), [3, 2]]
    single = [backend.open(POINTS, 64) for _ in texts]
    joined: list[Any] = [backend.open(POINTS, 64) for _ in texts]
    for session, other, text in zip(single, joined, texts, strict=True):
        session.prefill(text)
        other.prefill(text)
    joined[1].close()  # a gap between neighbours
    there = [0, 2, 3, 4]
    for token_id in (17, 0, 4090):
        expected = [single[index].step(token_id + index) for index in there]
        asks = [DecodeRequest(token_id + index, joined[index].slot, POINTS) for index in there]
        for one, other in zip(expected, batch_decoder.decode(asks), strict=True):
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


def test_a_run_that_fails_does_not_affect_the_others(
    fresh: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    expected = batch_decoder.decode([DecodeRequest(11, sound.slot, POINTS)])[0]
    sound.slot.length -= 1
    with torch.inference_mode():
        broken.slot.reserve(6)[:] = torch.nan
    one, other = batch_decoder.decode([DecodeRequest(11, s.slot, POINTS) for s in (sound, broken)])
    assert_vectors_close(one.logits, expected.logits)
    assert one.prediction is not None
    assert np.isnan(other.logits).all()
    assert other.prediction is None
    # Nor do its keys affect the next run in the slot, which is shorter than its neighbour.
    broken.slot.close()
    after = fresh.open(POINTS, 64)
    after.prefill([3])
    for step in batch_decoder.decode([DecodeRequest(11, s.slot, POINTS) for s in (sound, after)]):
        assert np.isfinite(step.logits).all()


def test_a_run_that_is_closed_early_does_not_affect_the_others(fresh: Backend) -> None:
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
    events = together(fresh, MANY)
    assert gone.wait(PATIENCE_S)
    thread.join(PATIENCE_S)
    for ours, theirs in zip(events, expected, strict=True):
        assert_alike(ours, theirs)
    assert not fresh._batch_decoder.scheduler.crowded  # type: ignore[attr-defined]
