"""The site accepts every event that Python may send, with its numbers, and refuses what the
published schema refuses."""

from __future__ import annotations

import copy
import random
from dataclasses import asdict
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mav_engine.compare.events import (
    Common,
    Compared,
    CompareEvent,
    Divergence,
    SideEvent,
    compare_to_json,
)
from mav_engine.config import ServerConfig
from mav_engine.contract.arrays import MAX_HALF_SHARES, MAX_PLAIN, Floats
from mav_engine.contract.events import (
    AttentionSources,
    Done,
    Error,
    Event,
    Layers,
    LensRow,
    ModelInfo,
    Prompt,
    PromptColumn,
    Queued,
    Start,
    Token,
    from_json,
    to_json,
)
from mav_engine.contract.model_list import ModelList
from mav_engine.server.http.problems import Problem
from mav_engine.server.openapi import document
from mav_engine.training.recording import Snapshot, run_lines
from tests.contract.generated import TEXT, instances
from tests.contract.typescript_reader import TypeScriptReader

EVENTS: list[type] = [Start, Queued, Prompt, Token, Done, Error]
COMPARE_EVENTS: list[type] = [SideEvent, Common, Divergence, Compared, Error]
each_example = settings(
    max_examples=25,
    deadline=None,
    # To shrink an example with large arrays takes minutes and helps little.
    phases=[Phase.generate],
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)


@pytest.mark.parametrize("kind", EVENTS)
@each_example
@given(data=st.data())
def test_events_of_a_run_arrive(typescript: TypeScriptReader, kind: type, data: Any) -> None:
    event = data.draw(instances(kind))
    line = to_json(event)
    _check_event(typescript.read("event", line), event)
    from_json(line)


@pytest.mark.parametrize("kind", COMPARE_EVENTS)
@each_example
@given(data=st.data())
def test_events_of_a_comparison_arrive(typescript: TypeScriptReader, kind: type, data: Any) -> None:
    event: CompareEvent = data.draw(instances(kind))
    read = typescript.read("compare", compare_to_json(event))
    assert read["type"] == event.type
    match event:
        case SideEvent():
            assert read["side"] == event.side
            _check_event(read["event"], event.event)
            assert read["event"]["line"].encode() == to_json(event.event)
        case Common():
            assert list(read["common"].values()) == [event.kl_absent, event.layers_absent]
        case Divergence():
            _check_divergence(read["divergence"], event)
        case Compared():
            values = [event.steps, event.mean_kl, event.max_kl, event.same_top, event.parted_at]
            assert list(read["summary"].values()) == values
        case Error():
            assert read["failure"]["detail"] == event.detail


@each_example
@given(snapshot=instances(Snapshot))
def test_steps_of_a_training_arrive(typescript: TypeScriptReader, snapshot: Snapshot) -> None:
    line = run_lines(snapshot, []).splitlines()[0]
    expected = orjson.loads(orjson.dumps(asdict(snapshot)))
    assert typescript.read("training", line) == {"type": "training", "v": 1, **expected}


@each_example
@given(models=st.lists(instances(ModelInfo), max_size=3), problem=TEXT)
def test_models_and_problems_arrive(
    typescript: TypeScriptReader, models: list[ModelInfo], problem: str
) -> None:
    listed = ModelList(
        default="mav-tiny", models=models, problems={"broken": problem}, training=False
    )
    assert typescript.read("models", orjson.dumps(listed.model_dump())) == orjson.loads(
        orjson.dumps(listed.model_dump())
    )
    refused = Problem(type="urn:x", status=422, code="x", title=problem, detail=problem)
    answer = orjson.dumps(refused.model_dump())
    assert typescript.read("problem", answer) == refused.model_dump()


def test_attention_travels_as_bytes_where_it_is_large(typescript: TypeScriptReader) -> None:
    shares = np.linspace(0, 1, 2 * MAX_HALF_SHARES, dtype=np.float32).reshape(1, 2, 128, -1)
    event = Prompt(tokens=[], prefill_ms=1.0, attention_map=shares)
    assert b'"u8"' in to_json(event)
    _check_event(typescript.read("event", to_json(event)), event)


@pytest.mark.parametrize("kind", [*EVENTS, *COMPARE_EVENTS[:-1]])
@each_example
@given(data=st.data())
def test_what_the_schema_refuses_is_refused(
    typescript: TypeScriptReader, kind: type, data: Any
) -> None:
    is_run = kind in EVENTS
    event = data.draw(instances(kind))
    wire = orjson.loads(to_json(event) if is_run else compare_to_json(event))
    seed = data.draw(st.integers(0, 2**32 - 1))
    changed, path = _changed(wire, random.Random(seed))
    refusal = typescript.refusal("event" if is_run else "compare", orjson.dumps(changed))
    problem = next(READ["Event" if is_run else "CompareEvent"].iter_errors(changed), None)
    if problem is not None:
        assert refusal is not None, f"{'.'.join(map(str, path))}: {problem.message}"
    elif not ARRAYS & set(path):
        assert refusal is None, path


@pytest.mark.parametrize("kind", EVENTS)
@each_example
@given(data=st.data())
def test_fields_of_a_later_version_are_ignored(
    typescript: TypeScriptReader, kind: type, data: Any
) -> None:
    event = data.draw(instances(kind))
    wire = orjson.loads(to_json(event))
    inner = [each for each in wire.values() if isinstance(each, dict) and "later" not in each]
    for each in [wire, *(each for each in inner if each not in (wire.get("notes"),))]:
        each["later"] = {"unknown": [1]}
    wire.pop("extra", None)
    wire.pop("notes", None)
    assert typescript.refusal("event", orjson.dumps(wire)) is None


def _check_event(read: Any, event: Event) -> None:
    assert read["type"] == event.type
    match event:
        case Start():
            start = read["start"]
            assert start["runId"] == event.run_id
            assert start["model"] == asdict(event.model)
            assert start["settings"] == event.settings.model_dump(mode="json")
            assert start["probes"] == [asdict(each) for each in event.probes]
            assert start["rankBinEdges"] == event.rank_bin_edges
        case Queued():
            assert read["position"] == event.position
        case Prompt():
            prompt = read["prompt"]
            assert prompt["tokens"] == [asdict(each) for each in event.tokens]
            assert prompt["prefillMs"] == event.prefill_ms
            assert (prompt["written"], prompt["writtenText"]) == (event.written, event.written_text)
            _check_array(prompt.get("attentionMap"), event.attention_map)
            _check_columns(prompt.get("columns"), event.columns)
        case Token():
            _check_token(read["frame"], event)
        case Done():
            done = read["done"]
            assert (done["reason"], done["tokens"]) == (event.reason, event.tokens)
            assert (done["elapsedMs"], done["resume"]) == (event.elapsed_ms, event.resume)
            assert done["tokensPerSecond"] == event.tokens_per_second
            assert done["hits"] == [asdict(each) for each in event.hits]
        case Error():
            failure = read["failure"]
            assert [failure[name] for name in ("code", "title", "detail")] == [
                event.code,
                event.title,
                event.detail,
            ]
            assert failure.get("field") == event.field
            assert failure.get("retryAfterS") == event.retry_after_s


def _check_token(frame: Any, token: Token) -> None:
    for name in ("index", "position", "rank", "entropy", "text", "forced"):
        assert frame[name] == getattr(token, name), name
    logprob = token.logprob
    known = logprob is not None and np.isfinite(logprob)
    assert frame["logprob"] == (logprob if known else None)
    # Without a rank, a token that is ruled out cannot be told from one that is not known.
    if logprob is None or (token.rank is None and not known):
        assert frame["prob"] is None
    else:
        assert frame["prob"] == pytest.approx(np.exp(logprob), rel=1e-12)
    assert frame.get("entropyBound") == token.entropy_bound
    assert frame["label"] == token.token.text
    _check_id(frame["id"], token.token.id)
    assert (frame["stepMs"], frame["captureMs"]) == (token.timing.step_ms, token.timing.capture_ms)
    distribution = frame["distribution"]
    for row, sent in zip(frame["top"], token.top, strict=True):
        expected = asdict(sent)
        assert {**row, "id": 0} == {**expected, "id": 0}
        # Rows without ids are of servers that send no distribution.
        if token.distribution is None:
            _check_id(row["id"], sent.id)
    if token.distribution is None:
        assert distribution["kept"] is None
        assert distribution["entropy"] is None
        _check_layers(frame["layers"], token.layers)
        return
    for name, there in (
        ("entropy", "entropy"),
        ("effective_tokens", "effectiveTokens"),
        ("kept", "kept"),
    ):
        assert distribution[there] == getattr(token.distribution, name), name
    _check_array(distribution["rankBins"], token.distribution.rank_bins)
    _check_layers(frame["layers"], token.layers)
    _check_array(frame.get("attentionRows"), token.attention_rows)
    _check_array(frame.get("attentionMap"), token.attention_map)
    _check_array(frame.get("tiles"), token.tiles)
    _check_sources(frame.get("attentionSources"), token.attention_sources)
    assert frame.get("logitLens") == _lens(token.logit_lens)
    stages = token.sampler_stages
    assert frame.get("samplerStages") == (
        None if stages is None else [asdict(each) for each in stages]
    )


def _check_id(read: int, sent: int | None) -> None:
    """The page makes ids of texts where a server gives none."""
    assert read < 0 if sent is None else read == sent


def _lens(sent: list[LensRow] | None) -> Any:
    return None if sent is None else [
        None
        if row.prob is None
        else {"id": row.id, "label": row.text, "prob": row.prob, "rank": row.rank}
        for row in sent
    ]  # fmt: skip


def _check_layers(read: Any, sent: Layers) -> None:
    _check_array(read.get("residNorm"), sent.resid_norm)
    _check_array(read.get("mlpNorm"), sent.mlp_norm)
    _check_array(read.get("attnNorm"), sent.attn_norm)
    _check_array(read.get("attnEntropy"), sent.attn_entropy)
    assert read.get("attnEntropyMax") == sent.attn_entropy_max


def _check_columns(read: Any, sent: list[PromptColumn] | None) -> None:
    if sent is None:
        assert read is None
        return
    for ours, theirs in zip(read, sent, strict=True):
        assert ours["position"] == theirs.position
        _check_layers(ours["layers"], theirs.layers)
        _check_sources(ours.get("attentionSources"), theirs.attention_sources)
        assert ours.get("logitLens") == _lens(theirs.logit_lens)


def _check_sources(read: Any, sent: AttentionSources | None) -> None:
    if sent is None:
        assert read is None
        return
    assert read["positions"] == sent.positions
    _check_array(read["weights"], sent.weights)
    heads = read.get("heads")
    if sent.head_positions is None or sent.head_weights is None:
        assert heads is None
        return
    assert heads["positions"] == sent.head_positions
    _check_array(heads["weights"], sent.head_weights, bytes_above=MAX_PLAIN)


def _check_divergence(read: Any, event: Divergence) -> None:
    names = (
        "index",
        "same_text",
        "kl",
        "kl_reverse",
        "rank",
        "rank_reverse",
        "logprob",
        "same_top",
    )
    there = ("index", "sameText", "kl", "klReverse", "rank", "rankReverse", "logprob", "sameTop")
    assert [read[name] for name in there] == [getattr(event, name) for name in names]
    _check_array(read["residDistance"], event.resid_distance)
    _check_array(read["residCosine"], event.resid_cosine)


def _check_array(read: Any, sent: Floats | None, *, bytes_above: int = MAX_HALF_SHARES) -> None:
    """Numbers are the same, but for the precision in which they travel."""
    if sent is None:
        assert read is None
        return
    assert read is not None
    expected = np.where(np.isfinite(sent), sent, np.nan)
    if isinstance(read, list):
        read = {"shape": [len(read)], "values": read}
    shape = read.get("shape") or [read["rows"], read["columns"]]
    values = np.array(read["values"], dtype=np.float64) * read.get("scale", 1)
    if np.isnan(expected).all():
        # Of parts that are all absent the wire does not say how large they are.
        assert shape[0] == len(sent)
        assert np.isnan(values).all()
        return
    assert shape == list(sent.shape)
    peak = float(np.nanmax(np.abs(expected)))
    step = peak / 255 if sent.size > bytes_above else peak * 2.0**-24
    exact = sent.size <= MAX_PLAIN
    np.testing.assert_allclose(
        values.reshape(sent.shape), expected, rtol=0 if exact else 2.0**-10, atol=step
    )


LIMITS = {
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
}
SETTINGS = {"RunSettings", "Breakpoints", "Tile", "Message"}
ARRAYS = {
    "rank_bins", "resid_norm", "mlp_norm", "attn_norm", "attn_entropy", "attention_rows",
    "attention_map", "tiles", "resid_distance", "resid_cosine",
    "weights", "head_weights",
}  # fmt: skip
"""What JSON Schema cannot say of these, such as rows of the same length, TypeScript checks too."""


def _as_read(schema: Any, *, is_setting: bool = False) -> Any:
    """A schema as the site applies it: fields that have a default are not required, unknown fields
    are allowed, and settings have no limits, which are a server's own."""
    if isinstance(schema, list):
        return [_as_read(each, is_setting=is_setting) for each in schema]
    if not isinstance(schema, dict):
        return schema
    read = {
        key: _as_read(each, is_setting=is_setting)
        for key, each in schema.items()
        if not (is_setting and key in LIMITS) and not (key == "additionalProperties" and not each)
    }
    if "required" in schema and "properties" in schema:
        fields = schema["properties"]
        read["required"] = [
            name
            for name in schema["required"]
            if "default" not in fields[name] or "const" in fields[name]
        ]
    return read


_COMPONENTS = {
    "schemas": {
        name: _as_read(schema, is_setting=name in SETTINGS)
        for name, schema in document(ServerConfig())["components"]["schemas"].items()
    }
}
READ = {
    name: Draft202012Validator({"components": _COMPONENTS, "$ref": f"#/components/schemas/{name}"})
    for name in ("Event", "CompareEvent")
}


def _changed(wire: Any, random: random.Random) -> tuple[Any, list[str | int]]:
    """A copy in which one value is another or missing, and where that is."""
    changed = copy.deepcopy(wire)
    value, path = changed, []
    while True:
        key = random.choice([*value] if isinstance(value, dict) else [*range(len(value))])
        path.append(key)
        inner = value[key]
        if not isinstance(inner, dict | list) or not inner or random.random() < 0.2:
            break
        value = inner
    if isinstance(value, dict) and random.random() < 0.3:
        del value[key]
    else:
        value[key] = random.choice([None, "x", 0.5, True, [], {}, [[]], 3])
    return changed, path
