"""Full attention maps: eager's own, row by row as the text grows."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from mav_engine import MavError, RunSettings, run
from mav_engine.backends import Backend, load_backend
from mav_engine.backends.fake import FakeBackend
from mav_engine.backends.inference.prefill import joined_maps
from mav_engine.contract.arrays import MAX_HALF_SHARES, to_wire
from mav_engine.contract.events import Event, Token, from_json, to_json
from mav_engine.probes import attention_map
from tests.engine.conftest import EMBEDDED, Case
from tests.engine.runs import alone

PROMPT = "Once upon a time, there was a little girl who had a red"
CLOSE: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-5}


def events_of(case: Case, **settings: Any) -> list[Event]:
    return events_by(case.backend, **settings)


def events_by(backend: Backend, **settings: Any) -> list[Event]:
    given = {"prompt": PROMPT, "capture": ["attention_map"], "min_new_tokens": 7, **settings}
    return alone(backend, max_new_tokens=7, **given)


def eager_map(case: Case, events: list[Event]) -> np.ndarray:
    """[n_layers, n_heads, n, n] of one eager pass over all the text, without a cache."""
    tokens = [event.token.id for event in events if isinstance(event, Token)]
    ids = [token.id for token in events[1].tokens] + tokens
    with torch.no_grad():
        output = case.reference(torch.tensor([ids]), output_attentions=True)
    return torch.cat(output.attentions).numpy()


def test_the_map_of_the_prompt_and_of_every_third_token(case: Case) -> None:
    events = events_of(case, attn_every=3)
    expected = eager_map(case, events)
    read = len(events[1].tokens)
    np.testing.assert_allclose(events[1].attention_map, expected[:, :, :read, :read], **CLOSE)
    tokens = [event for event in events if isinstance(event, Token)]
    assert [t.index for t in tokens if t.attention_map is not None] == [2, 5]
    for token in (tokens[2], tokens[5]):
        # A token is predicted by the position before it.
        keys = token.position
        assert token.attention_map.shape[2:] == (keys, keys)
        np.testing.assert_allclose(token.attention_map, expected[:, :, :keys, :keys], **CLOSE)
        assert not np.triu(token.attention_map, 1).any()


WINDOWED = {
    "vocab_size": 4096,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "sliding_window": 5,
}
ALIBI = {"vocab_size": 4096, "hidden_size": 32, "n_layer": 2, "n_head": 4}


@pytest.mark.parametrize(
    ("kind", "shape"), [("mistral", WINDOWED), ("bloom", ALIBI)], ids=["window", "own eager code"]
)
def test_models_with_windows_and_with_attention_of_their_own(
    kind: str, shape: dict[str, Any], tmp_path: Path
) -> None:
    config = AutoConfig.for_model(kind, **shape, bos_token_id=0, eos_token_id=0)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(6)
    model.save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(EMBEDDED).save_pretrained(tmp_path)
    case = Case(kind, tmp_path)
    events = events_of(case, attn_every=6)
    expected = eager_map(case, events)
    read, later = len(events[1].tokens), events[7].position
    np.testing.assert_allclose(events[1].attention_map, expected[:, :, :read, :read], **CLOSE)
    np.testing.assert_allclose(events[7].attention_map, expected[:, :, :later, :later], **CLOSE)


def test_without_attn_every_there_is_the_prompts_map_only(tiny_case: Case) -> None:
    events = events_of(tiny_case)
    assert events[1].attention_map is not None
    assert all(token.attention_map is None for token in events[2:-1])
    assert b"attention_map" not in to_json(events[2])


def test_with_a_map_of_every_token_each_map_extends_the_previous_one(tiny_case: Case) -> None:
    events = events_of(tiny_case, attn_every=1)
    np.testing.assert_allclose(events[2].attention_map, events[1].attention_map, **CLOSE)
    for before, after in pairwise(events[2:-1]):
        keys = before.position
        np.testing.assert_array_equal(after.attention_map[:, :, :keys, :keys], before.attention_map)


def test_a_prompt_read_in_chunks_has_the_same_map(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = events_of(case)[1].attention_map
    monkeypatch.setattr("mav_engine.backends.hf.session._CHUNK", 5)
    monkeypatch.setattr("mav_engine.backends.inference.session.DECODER_CHUNK", 5)
    monkeypatch.setattr("mav_engine.backends.inference.session.PREFILL_CHUNK", 5)
    np.testing.assert_allclose(events_of(case)[1].attention_map, whole, **CLOSE)


def test_it_does_not_change_what_else_is_measured(tiny_case: Case) -> None:
    both = [["attention_rows"], ["attention_rows", "attention_map"]]
    # A cached prompt is prefilled in other chunks, which round differently.
    forgetful = load_backend(str(tiny_case.folder), prefix_bytes=0)
    plain, mapped = (events_by(forgetful, capture=capture) for capture in both)
    for one, other in zip(plain[2:-1], mapped[2:-1], strict=True):
        assert one.logprob == other.logprob
        np.testing.assert_allclose(one.attention_rows, other.attention_rows, **CLOSE)


def test_on_the_wire_a_large_map_is_bytes_and_off_by_half_a_step_at_most(tiny_case: Case) -> None:
    event = events_of(tiny_case, prompt=PROMPT * 3)[1]
    data = to_json(event)
    assert b'"dtype":"u8"' in data
    back = from_json(data).attention_map
    step = max(float(event.attention_map.max()), 0.25) / 255
    assert 0 < np.abs(back - event.attention_map).max() <= step / 2 * 1.001


def test_a_small_map_is_in_half_precision(tiny_case: Case) -> None:
    event = events_of(tiny_case, prompt="The cat")[1]
    back = from_json(to_json(event)).attention_map
    np.testing.assert_allclose(back, event.attention_map, rtol=1e-3, atol=1e-7)


def test_layers_and_heads_without_attention_are_null() -> None:
    prompt = np.tril(np.ones((2, 3, 4, 4), dtype=np.float32))
    prompt[0] = prompt[1, 2] = np.nan
    kept = attention_map.PatternMap(prompt, 5)
    row = np.ones((2, 3, 5), dtype=np.float32)
    row[0] = row[1, 2] = np.nan
    kept.append(row)
    found = kept.so_far(5)
    assert np.isnan(found[0]).all()
    assert np.isnan(found[1, 2]).all()
    np.testing.assert_array_equal(found[1, :2], np.broadcast_to(np.tri(5), (2, 5, 5)))
    wire = orjson.loads(orjson.dumps(to_wire(found, bytes_above=MAX_HALF_SHARES)))
    assert wire[0] is None
    assert [head is None for head in wire[1]] == [False, False, True]


def test_a_map_read_in_parts_keeps_what_is_null() -> None:
    first, second = (np.ones((2, 2, 3, keys), dtype=np.float32) for keys in (3, 6))
    first[0], second[0] = np.nan, np.nan
    whole = joined_maps([first, second], 6)
    assert np.isnan(whole[0]).all()
    assert not whole[1, :, :3, 3:].any()
    assert whole[1, :, 3:].all()
    assert joined_maps([None, None], 6) is None


@pytest.mark.parametrize(
    ("settings", "field", "message"),
    [
        ({"prompt": "x" * 1700}, "capture", r"may cover 1672 tokens .* prompt has 1700"),
        (
            {"prompt": "x" * 1600, "max_new_tokens": 100, "attn_every": 10},
            "attn_every",
            "would cover 1699.*attn_every to 0.* or max_new_tokens to 73",
        ),
    ],
)
def test_a_map_that_is_too_large_is_refused_before_the_run(
    settings: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(MavError, match=message) as caught:
        run(RunSettings(capture=["attention_map"], **settings), backend=FakeBackend())
    assert caught.value.field == field


def test_what_the_refusal_proposes_is_accepted() -> None:
    given = {"prompt": "x" * 1600, "attn_every": 73, "capture": ["attention_map"]}
    run(RunSettings(**given, max_new_tokens=73), backend=FakeBackend())
    run(RunSettings(**(given | {"attn_every": 0}), max_new_tokens=100), backend=FakeBackend())
