"""Runs of a model, alone and at once, their events, and comparisons of them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pytest

from mav_engine import RunSettings, run
from mav_engine.backends import Backend
from mav_engine.contract.events import AttentionSources, Done, Event, LensRow, Token

CLOSE: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-5}
ROUNDED = 1.1e-5
"""How close weights are that are rounded to five decimals."""
PATIENCE_S = 60.0
MANY: list[dict[str, Any]] = [
    {"prompt": "Once upon a time, there was a little girl", "max_new_tokens": 24},
    {"prompt": "One day", "max_new_tokens": 9, "temperature": 0.9, "seed": 1},
    {"prompt": "One day", "max_new_tokens": 30, "temperature": 0.9, "seed": 2},
    {
        "prompt": "The sun",
        "max_new_tokens": 16,
        "capture": [
            "attention_rows",
            "attention_sources",
            "logit_lens",
        ],
    },
    {"prompt": "Tom and Sue went to the park. " * 4, "max_new_tokens": 20, "capture": []},
    {"prompt": "A big bear", "max_new_tokens": 12, "forced_ids": [5, 6, 7]},
    {"prompt": "Mom said", "max_new_tokens": 1},
    {"prompt": "Ben had a red ball and", "max_new_tokens": 27, "min_new_tokens": 27},
]
"""Runs of unlike beginnings, lengths, seeds and probes."""


def tokens_of(events: Iterable[Event]) -> list[Token]:
    return [event for event in events if isinstance(event, Token)]


def done_of(events: Sequence[Event]) -> Done:
    assert isinstance(events[-1], Done), events[-1]
    return events[-1]


def alone(backend: Backend, **settings: Any) -> list[Event]:
    """The events of a run."""
    return list(run(RunSettings(**settings), backend=backend))


def tokens_by(backend: Backend, **settings: Any) -> list[Token]:
    """The tokens of a run that comes to its end."""
    events = alone(backend, **settings)
    done_of(events)
    return tokens_of(events)


def together(backend: Backend, many: Sequence[dict[str, Any]]) -> list[list[Event]]:
    """The events of runs on a thread each, all let go at the same moment."""
    events: list[list[Event]] = [[] for _ in many]
    start = threading.Barrier(len(many))

    def work(index: int) -> None:
        start.wait(PATIENCE_S)
        events[index] = alone(backend, **many[index])

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(many))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    return events


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
        assert (one.attention_sources is None) == (other.attention_sources is None)
        if one.attention_sources is not None and one.attention_rows is not None:
            assert_sources_of(one.attention_sources, one.attention_rows)
        _assert_same_lens(one.logit_lens, other.logit_lens)
    assert ours[-1].text == theirs[-1].text
    assert ours[-1].reason == theirs[-1].reason


def assert_sources_of(found: AttentionSources | None, pattern: Any) -> None:
    """They are the strongest of these weights [n_layers, n_heads, n_keys]: the weights to 1e-5, the
    positions exactly but where two weights are equal to that precision."""
    assert found is not None
    shares = np.asarray(pattern, np.float64)
    means = [*shares.mean(axis=1), shares.mean(axis=(0, 1))]
    for row, positions, weights in zip(means, found.positions, found.weights, strict=True):
        _assert_strongest(row, positions, weights, min(4, shares.shape[-1] - 1))
    if found.head_positions is not None and shares.shape[-1] > 1:
        for at in np.ndindex(shares.shape[:2]):
            position = found.head_positions[at[0]][at[1]]
            _assert_strongest(shares[at], [position], found.head_weights[at], 1)


def _assert_strongest(row: Any, positions: Any, weights: Any, count: int) -> None:
    # Of equal weights the lowest position first.
    order = sorted(range(1, len(row)), key=lambda at: (-row[at], at))
    assert len(positions) == len(set(positions)) == count
    assert 0 not in positions
    for places in (order[:count], positions):
        np.testing.assert_allclose(weights, row[[0, *places]], rtol=0, atol=ROUNDED)
    if (np.diff(-row[order[: count + 1]]) > ROUNDED).all():
        assert list(positions) == order[:count]


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
    """To 2e-5 of the largest: a small component of a long vector has the vector's error, and each
    of the two was seen to be up to 1e-5 from the exact numbers (of `Oracle`)."""
    np.testing.assert_allclose(one, other, rtol=0, atol=2e-5 * float(np.abs(other).max()))
