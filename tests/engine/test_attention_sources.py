"""`attention_sources`: the strongest positions of each layer and head, as the model has them."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import orjson
import pytest
import torch

from mav_engine import RunSettings, run
from mav_engine.backends import Backend
from mav_engine.backends.fake import FakeBackend
from mav_engine.backends.inference import batch_decoder
from mav_engine.backends.inference.kernels.native.strongest import strongest_builds
from mav_engine.compare import SideEvent, compare, parse_compare
from mav_engine.contract.events import AttentionSources, Token, from_json, to_json
from mav_engine.contract.recording import replay, write
from mav_engine.generation.capture import BatchShared, Step
from mav_engine.probes.attention_sources import sources, strongest
from tests.engine.conftest import Case
from tests.engine.runs import alone, assert_sources_of, done_of, tokens_by, tokens_of

PROMPT = "Once upon a time, there was a little girl who had a red"
tokens_with = partial(tokens_by, prompt=PROMPT, capture=["attention_sources", "attention_rows"])
NAN = np.float32(np.nan)


def step_of(pattern: Any) -> Step:
    shares = np.array(pattern, np.float32)
    return Step(np.zeros(1, np.float32), n_keys=shares.shape[-1], elapsed_ms=0, pattern=shares)


def measured(pattern: Any) -> AttentionSources:
    found = sources(step_of(pattern), heads=True)
    assert found is not None
    return found


def test_equal_weights_give_the_lowest_position() -> None:
    even = measured(np.full((2, 3, 8), 0.125))
    assert even.positions == [[1, 2, 3, 4]] * 3
    assert even.head_positions == [[1, 1, 1]] * 2
    later = measured([[[0.1, 0, 0.2, 0.3, 0, 0.3, 0.1]]])
    assert later.positions == [[3, 5, 2, 6]] * 2
    assert later.head_positions == [[3]]
    np.testing.assert_allclose(later.weights, [[0.1, 0.3, 0.3, 0.2, 0.1]] * 2, rtol=1e-6)


def test_the_first_token_is_apart() -> None:
    found = measured([[[0.9, 0.02, 0.08], [0.7, 0.3, 0]]])
    assert found.positions == [[1, 2]] * 2
    np.testing.assert_allclose(found.weights, [[0.8, 0.16, 0.04]] * 2, rtol=1e-6)
    assert found.head_positions == [[2, 1]]
    np.testing.assert_allclose(found.head_weights, [[[0.9, 0.08], [0.7, 0.3]]], rtol=1e-6)


def test_a_context_of_one_token_has_no_other_source() -> None:
    found = measured(np.ones((2, 3, 1)))
    assert found.positions == [[], [], []]
    assert found.weights.tolist() == [[1], [1], [1]]
    assert found.head_positions == [None, None]
    np.testing.assert_array_equal(found.head_weights, np.full((2, 3, 2), [1, NAN]))


def test_missing_layers_and_heads_are_null_and_part_of_no_mean() -> None:
    here, gone = [0.5, 0.1, 0.4], [NAN] * 3
    found = measured([[here, [0.2, 0.6, 0.2]], [gone, gone], [here, gone]])
    # The last is the mean of three heads, not of two layers.
    assert found.positions == [[1, 2], None, [2, 1], [2, 1]]
    weights = [[0.35, 0.35, 0.3], [NAN] * 3, [0.5, 0.4, 0.1], [0.4, 1 / 3, 0.8 / 3]]
    np.testing.assert_allclose(found.weights, weights, atol=5e-6)
    assert found.head_positions == [[2, 1], None, [2, None]]
    token = tokens_of(alone(FakeBackend(), prompt="ab", max_new_tokens=1))[0]
    token.attention_sources = found
    wire = orjson.loads(to_json(token))["attention_sources"]
    assert wire["positions"] == found.positions
    assert wire["weights"][1] is None
    assert wire["head_positions"] == [[2, 1], None, [2, None]]
    assert wire["head_weights"][1:] == [None, [pytest.approx([0.5, 0.4]), None]]
    again = from_json(to_json(token)).attention_sources
    assert again.positions == found.positions
    np.testing.assert_array_equal(again.weights, found.weights)


def test_a_run_of_a_batch_does_not_see_the_keys_of_the_others() -> None:
    shares = np.zeros((2, 3, 4, 9), np.float32)
    for run_of_batch, n_keys in enumerate((1, 3, 9)):
        random = np.random.default_rng(n_keys).random((2, 4, n_keys))
        shares[:, run_of_batch, :, :n_keys] = random / random.sum(-1, keepdims=True)
    batch = BatchShared(shares)
    for index, n_keys in enumerate((1, 3, 9)):
        own = shares[:, index, :, :n_keys]
        step = step_of(own)
        step.shared = {"pattern": (batch, index)}
        ours, theirs = sources(step, heads=True), measured(own)
        assert ours is not None
        assert ours.positions == theirs.positions
        assert ours.head_positions == theirs.head_positions
        assert_sources_of(ours, own)


@pytest.mark.compiled("strongest")
@pytest.mark.parametrize("build", strongest_builds())
@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (3, 2, 4, 2), (6, 1, 4, 5), (12, 3, 12, 77)])
def test_compiled_and_numpy_give_the_same(build: str, shape: tuple[int, ...]) -> None:
    compiled, random = strongest_builds()[build], np.random.default_rng(7)
    for weights in (
        random.random(shape, np.float32) ** 9,
        random.integers(0, 3, shape).astype(np.float32) / 8,
        np.full(shape, 1 / shape[-1], np.float32),
    ):
        np.testing.assert_array_equal(compiled(weights), strongest(weights))


@pytest.mark.compiled("strongest")
def test_a_decoder_uses_what_is_compiled(tiny_case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    build = next(iter(strongest_builds().values()))
    monkeypatch.setattr(
        batch_decoder,
        "compiled_reductions",
        lambda: {strongest: lambda weights: found.append(1) or build(weights)},
    )
    tokens_with(tiny_case.backend, max_new_tokens=3, min_new_tokens=3)
    assert len(found) == 3


def test_numbers_are_those_of_transformers(case: Case) -> None:
    prompt = case.tokenizer(PROMPT)["input_ids"]
    for backend in case.backends:
        tokens = tokens_with(backend, max_new_tokens=12, min_new_tokens=12)
        ids = torch.tensor([prompt + [token.token.id for token in tokens]])
        with torch.no_grad():
            attentions = case.reference(ids, output_attentions=True).attentions
        for token in tokens:
            at = len(prompt) + token.index - 1
            truth = torch.stack([layer[0, :, at, : at + 1] for layer in attentions]).numpy()
            assert_sources_of(token.attention_sources, truth)
            assert_sources_of(token.attention_sources, token.attention_rows)


@pytest.fixture
def tiny(tiny_case: Case) -> Backend:
    return tiny_case.backend


def test_a_continued_run_counts_positions_from_the_beginning(tiny: Backend) -> None:
    whole = tokens_with(tiny, max_new_tokens=9, block_eos_steps=9)
    settings = {"prompt": PROMPT, "capture": ["attention_sources"], "block_eos_steps": 9}
    begun = alone(tiny, **settings, max_new_tokens=5)
    rest = tokens_of(alone(tiny, resume=done_of(begun).resume, max_new_tokens=4))
    assert [token.index for token in rest] == [5, 6, 7, 8]
    for token, expected in zip(rest, whole[5:], strict=True):
        assert_sources_of(token.attention_sources, expected.attention_rows)


def test_both_sides_of_a_comparison_have_them(tiny: Backend) -> None:
    given = {"prompt": PROMPT, "max_new_tokens": 2, "capture": ["attention_sources"]}
    settings = parse_compare({"a": given, "b": given})
    events = [
        each.event
        for each in compare(settings, backends=(tiny, tiny))
        if isinstance(each, SideEvent) and isinstance(each.event, Token)
    ]
    assert len(events) == 4
    for event in events:
        assert len(event.attention_sources.positions) == 7


def test_a_recording_has_them(tiny: Backend, tmp_path: Any) -> None:
    settings = RunSettings(prompt=PROMPT, max_new_tokens=3, capture=["attention_sources"])
    events = list(run(settings, backend=tiny))
    write(events, tmp_path / "run.jsonl")
    for ours, theirs in zip(
        tokens_of(list(replay(tmp_path / "run.jsonl"))), tokens_of(events), strict=True
    ):
        assert ours.attention_sources.positions == theirs.attention_sources.positions
        assert ours.attention_sources.head_positions == theirs.attention_sources.head_positions
        # 24 heads are JSON numbers, so nothing is lost.
        np.testing.assert_array_equal(
            ours.attention_sources.head_weights, theirs.attention_sources.head_weights
        )


def test_weights_of_many_heads_are_bytes_and_those_of_many_layers_halves() -> None:
    random = np.random.default_rng(0).random((30, 9, 200), dtype=np.float32) ** 20
    found = measured(random / random.sum(-1, keepdims=True))
    token = tokens_of(alone(FakeBackend(), prompt="ab", max_new_tokens=1))[0]
    token.attention_sources = found
    wire = orjson.loads(to_json(token))["attention_sources"]
    kinds = {name: wire[name]["dtype"] for name in ("weights", "head_weights")}
    assert kinds == {"weights": "f16", "head_weights": "u8"}
    again = from_json(to_json(token)).attention_sources
    np.testing.assert_allclose(again.weights, found.weights, rtol=2**-11)
    np.testing.assert_allclose(again.head_weights, found.head_weights, atol=1 / 509)
    assert to_json(from_json(to_json(token))) == to_json(token)
