"""The columns of a prompt: the numbers of transformers at each of its last positions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from mav_engine import RunSettings, run
from mav_engine.backends import Backend, load_backend
from mav_engine.backends.fake import FakeBackend
from mav_engine.contract.events import Prompt, PromptColumn, from_json, to_json
from mav_engine.probes import captured, prompt_columns
from tests.engine.conftest import Case, load_by_transformers
from tests.engine.runs import CLOSE, alone, assert_sources_of, done_of, together
from tests.engine.test_truth import Oracle

STACK = ["residual", "mlp", "attention_sources", "logit_lens"]
SHORT = "Once upon a time, there was a little girl who had a red"
LONG = "Tom and Sue went to the park. " * 10
"""Longer than the columns, and than what a decoder reads at once."""


def prompt_of(backend: Backend, prompt: str = SHORT, **given: Any) -> Prompt:
    settings = {"max_new_tokens": 1, "capture": STACK, **given}
    event = alone(backend, **({"prompt": prompt} | settings))[1]
    assert isinstance(event, Prompt)
    return event


def columns_of(backend: Backend, prompt: str = SHORT, **given: Any) -> list[PromptColumn]:
    columns = prompt_of(backend, prompt, **given).columns
    assert columns is not None
    return columns


def assert_same_columns(ours: list[PromptColumn], theirs: list[PromptColumn]) -> None:
    assert [each.position for each in ours] == [each.position for each in theirs]
    for one, other in zip(ours, theirs, strict=True):
        for name in ("resid_norm", "mlp_norm", "attn_norm"):
            np.testing.assert_allclose(
                getattr(one.layers, name), getattr(other.layers, name), **CLOSE
            )
        np.testing.assert_allclose(
            one.attention_sources.weights, other.attention_sources.weights, **CLOSE
        )
        assert one.attention_sources.positions == other.attention_sources.positions


@pytest.fixture
def tiny(tiny_case: Case) -> Backend:
    return load_backend(str(tiny_case.folder))


@pytest.mark.parametrize("prompt", [SHORT, LONG])
def test_numbers_are_those_of_transformers(case: Case, prompt: str) -> None:
    ids = case.tokenizer(prompt)["input_ids"]
    oracle = Oracle(case, ids)
    norm = case.reference.get_submodule(
        {"gpt2": "transformer.ln_f", "gpt_neox": "gpt_neox.final_layer_norm"}.get(
            case.kind, "model.norm"
        )
    )
    for backend in case.backends:
        columns = columns_of(backend, prompt)
        last = len(ids) - 1
        assert [each.position for each in columns] == list(range(max(0, last - 64), last))
        for column in columns:
            at = column.position
            resid = oracle.resid(at)
            np.testing.assert_allclose(
                column.layers.resid_norm, np.linalg.norm(resid, axis=-1), **CLOSE
            )
            states = [float(state[0, at].norm()) for state in oracle.hidden_states[:-1]]
            np.testing.assert_allclose(column.layers.resid_norm[:-1], states, **CLOSE)
            for found, truth in (
                (column.layers.mlp_norm, oracle.mlp_out),
                (column.layers.attn_norm, oracle.attn_out),
            ):
                np.testing.assert_allclose(found, [float(out[at].norm()) for out in truth], **CLOSE)
            assert column.layers.attn_entropy is None
            assert column.attention_sources.head_weights is None
            patterns = [layer[0, :, at, : at + 1].numpy() for layer in oracle.attentions]
            assert_sources_of(column.attention_sources, np.stack(patterns))
            with torch.no_grad():
                logits = case.reference.get_output_embeddings()(norm(torch.from_numpy(resid[1:])))
            assert [row.id for row in column.logit_lens] == logits.argmax(-1).tolist()
            ranks = (logits > logits[:, ids[at + 1], None]).sum(-1)
            assert [row.rank for row in column.logit_lens] == ranks.tolist()
            if case.kind != "gemma2":  # whose soft cap changes probabilities
                probs = logits.softmax(-1).max(-1).values
                np.testing.assert_allclose([row.prob for row in column.logit_lens], probs, **CLOSE)


def test_a_prompt_read_in_chunks_has_the_same_columns(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    for backend in case.backends:
        whole = columns_of(backend, LONG)
        with monkeypatch.context() as patched:
            patched.setattr("mav_engine.backends.hf.session._CHUNK", 37)
            patched.setattr("mav_engine.backends.inference.session.PREFILL_CHUNK", 37)
            patched.setattr("mav_engine.backends.inference.session.DECODER_CHUNK", 5)
            assert_same_columns(columns_of(backend, LONG), whole)


def test_columns_of_a_cached_prompt_are_computed_again(tiny: Backend) -> None:
    first, second = (prompt_of(tiny, LONG) for _ in range(2))
    assert_same_columns(second.columns, first.columns)
    assert len(second.columns) == 64
    longer = columns_of(tiny, LONG + "They had a red ball.")
    uncached = columns_of(load_backend("mav-tiny", prefix_bytes=0), LONG + "They had a red ball.")
    assert_same_columns(longer, uncached)
    # What comes before the columns is not.
    session: Any = tiny.open(frozenset({"pattern"}), 128)
    ids = tiny.encode_prompt(LONG)
    session.measure_columns(range(len(ids) - 65, len(ids) - 1), frozenset({"resid"}), print)
    session._scores_from_prefix(ids)
    assert session._length == len(ids) - 65


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_continued_run_has_columns_of_what_it_wrote(tiny_case: Case, dtype: str) -> None:
    """In other types than float32 these tokens are decoded one by one."""
    backend = load_by_transformers(str(tiny_case.folder), dtype=dtype)
    begun = alone(
        backend, prompt=SHORT, capture=STACK, max_new_tokens=6, min_new_tokens=6, temperature=0
    )
    given = {"resume": done_of(begun).resume, "max_new_tokens": 1}
    event = next(each for each in alone(backend, **given) if isinstance(each, Prompt))
    assert event.written == 6
    assert [each.position for each in event.columns] == list(range(len(event.tokens) - 1))
    # A token event describes the position before its token.
    for token in [each for each in begun if each.type == "token"][1:]:
        column = event.columns[token.position - 1]
        close = CLOSE if dtype == "float32" else {"rtol": 0.02}
        np.testing.assert_allclose(column.layers.resid_norm, token.layers.resid_norm, **close)
        assert [row.rank for row in column.logit_lens][-1] == token.rank == 0


def test_columns_come_with_the_sources_only(tiny: Backend) -> None:
    assert prompt_of(tiny, capture=["residual", "mlp", "attention_rows"]).columns is None
    assert b"columns" not in to_json(prompt_of(tiny, capture=[]))
    (column, *_) = columns_of(tiny, capture=["attention_sources"])
    assert column.layers.resid_norm is None
    assert column.logit_lens is None


def test_a_prompt_of_one_token_has_none(tiny: Backend) -> None:
    settings = RunSettings(prompt="x", capture=STACK)
    probes = captured(STACK, tiny.info.capabilities, "tiny")
    columns = prompt_columns.PromptColumns(probes, settings, tiny.info, [5], tiny.vocabulary)
    assert list(columns.positions) == []
    assert columns.measured() is None


def test_a_session_that_cannot_measure_them_runs_without() -> None:
    assert prompt_of(FakeBackend(), capture=["attention_sources"]).columns is None


def test_the_lens_is_left_out_where_it_is_expensive(
    tiny: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompt_columns, "MAX_LENS_PRODUCTS", 10**6)
    for column in columns_of(tiny):
        assert column.logit_lens is None
        assert column.layers.resid_norm is not None


def test_there_are_fewer_columns_where_they_would_need_much_memory(
    tiny: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = columns_of(tiny, LONG)
    count = len(tiny.encode_prompt(LONG))
    monkeypatch.setattr(prompt_columns, "MAX_WEIGHTS", 6 * 4 * count * 7 + 1)
    assert_same_columns(columns_of(tiny, LONG), whole[-7:])


def test_columns_are_the_same_when_read_again(tiny: Backend) -> None:
    event = prompt_of(tiny)
    again = from_json(to_json(event))
    assert_same_columns(again.columns, event.columns)
    assert [each.logit_lens for each in again.columns] == [
        each.logit_lens for each in event.columns
    ]
    assert to_json(again) == to_json(event)


def test_aggregation_is_that_of_the_run(tiny: Backend) -> None:
    norms, rms = (columns_of(tiny, aggregation=how) for how in ("l2", "rms"))
    for one, other in zip(norms, rms, strict=True):
        np.testing.assert_allclose(
            one.layers.mlp_norm, other.layers.mlp_norm * np.sqrt(256), rtol=1e-5
        )


def test_runs_at_once_have_the_columns_of_each_alone(tiny: Backend) -> None:
    many = [{"prompt": text, "max_new_tokens": 3, "capture": STACK} for text in (SHORT, LONG)]
    expected = [alone(tiny, **each) for each in many]
    for ours, theirs in zip(together(tiny, many), expected, strict=True):
        assert_same_columns(ours[1].columns, theirs[1].columns)


def test_they_come_before_the_first_token(tiny: Backend) -> None:
    settings = RunSettings(prompt=SHORT, max_new_tokens=1, capture=STACK)
    kinds = [event.type for event in run(settings, backend=tiny)]
    assert kinds == ["start", "prompt", "token", "done"]
