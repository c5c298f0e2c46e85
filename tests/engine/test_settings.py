"""Settings: exact defaults and ranges, and errors that name the field and the remedy."""

from __future__ import annotations

from typing import Any

import pytest

from mav_engine.errors import InvalidSettings
from mav_engine.settings import COMMA_SEPARATED, RunSettings, parse_settings, settings_from_query


def test_defaults_are_those_of_the_contract() -> None:
    given = RunSettings(prompt="x").model_dump()
    assert given == {
        "model": "mav-tiny",
        "prompt": "x",
        "messages": None,
        "forced_ids": [],
        "forced_texts": [],
        "max_new_tokens": 64,
        "min_new_tokens": 0,
        "temperature": 0.0,
        "top_k": 50,
        "top_p": 1.0,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
        "no_repeat_ngram_size": 0,
        "block_eos_steps": 0,
        "block_ws_steps": 0,
        "stop": [],
        "seed": None,
        "top_n": 20,
        "aggregation": "l2",
        "capture": ["predictions", "distribution", "residual", "mlp", "attention_entropy"],
        "attn_every": 0,
        "tile": {"height": 16, "width": 16, "projection": "random", "signal": "residual"},
        "breakpoints": {
            "entropy_above": None,
            "probability_below": None,
            "text": None,
            "pattern": None,
            "loop": False,
            "after": None,
        },
        "resume": None,
    }


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({}, "prompt", "nothing to continue"),
        ({"prompt": ""}, "prompt", "at least 1 character"),
        (
            {"prompt": "x", "messages": [{"role": "user", "content": "y"}]},
            "messages",
            "exactly one",
        ),
        ({"messages": []}, "messages", "at least 1 item"),
        ({"messages": [{"role": "user"}]}, "messages.content", "missing"),
        ({"prompt": "x", "temprature": 1}, "temprature", "Did you mean temperature?"),
        ({"prompt": "x", "temperature": -0.1}, "temperature", "greater than or equal to 0"),
        ({"prompt": "x", "temperature": 10.1}, "temperature", "less than or equal to 10"),
        ({"prompt": "x", "temperature": float("nan")}, "temperature", "finite"),
        ({"prompt": "x", "temperature": "hot"}, "temperature", "valid number"),
        ({"prompt": "x", "top_k": 1.5}, "top_k", "integer"),
        ({"prompt": "x", "top_k": True}, "top_k", "integer"),
        ({"prompt": "x", "top_p": 0}, "top_p", "greater than 0"),
        ({"prompt": "x", "min_p": 1.01}, "min_p", "less than or equal to 1"),
        ({"prompt": "x", "repetition_penalty": 0}, "repetition_penalty", "equal to 0.001"),
        ({"prompt": "x", "max_new_tokens": 0}, "max_new_tokens", "greater than or equal to 1"),
        ({"prompt": "x", "top_n": 101}, "top_n", "less than or equal to 100"),
        ({"prompt": "x", "seed": -1}, "seed", "greater than or equal to 0"),
        ({"prompt": "x", "aggregation": "sum"}, "aggregation", "'l2'"),
        ({"prompt": "x", "stop": ["a", ""]}, "stop", "stop[1]"),
        ({"prompt": "x", "stop": "a"}, "stop", "valid list"),
        ({"prompt": "x", "tile": {"height": 0}}, "tile.height", "greater than or equal to 1"),
        ({"prompt": "x", "tile": {"hight": 3}}, "tile.hight", "Did you mean height?"),
        ({"prompt": "x", "forced_ids": [1, -1]}, "forced_ids", "forced_ids[1]"),
        ({"prompt": "x", "forced_ids": [1] * 65}, "forced_ids", "at least 65"),
        ({"prompt": "x", "min_new_tokens": 65}, "min_new_tokens", "max_new_tokens"),
    ],
)
def test_what_does_not_fit_is_named(given: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        parse_settings(given)
    assert caught.value.field == field
    assert message in caught.value.detail


@pytest.mark.parametrize("given", [[], "x", None, 3])
def test_settings_must_be_an_object(given: object) -> None:
    with pytest.raises(InvalidSettings, match="JSON object"):
        parse_settings(given)


def test_a_whole_float_is_an_integer_as_in_json_schema() -> None:
    assert parse_settings({"prompt": "x", "top_k": 5.0}).top_k == 5


def test_the_query_string_is_another_face_of_the_body() -> None:
    query = [
        ("prompt", "12"), ("temperature", "0.5"), ("top_k", "3"), ("seed", ""),
        ("capture", "residual,mlp"), ("forced_ids", "1,2"), ("forced_ids", "3"),
        ("stop", "a"), ("stop", "b"), ("aggregation", "rms"), ("tile", '{"height": 4}'),
    ]  # fmt: skip
    body = {
        "prompt": "12", "temperature": 0.5, "top_k": 3, "capture": ["residual", "mlp"],
        "forced_ids": [1, 2, 3], "stop": ["a", "b"], "aggregation": "rms", "tile": {"height": 4},
    }  # fmt: skip
    assert settings_from_query(query) == parse_settings(body)
    assert settings_from_query([("params", '{"prompt": "x"}')]) == parse_settings({"prompt": "x"})


@pytest.mark.parametrize("text", [" there, w", ",", "a,b,c", "\n", " "])
def test_a_text_of_a_list_is_never_split(text: str) -> None:
    query = [("prompt", "x"), ("stop", text), ("stop", "second, third")]
    assert settings_from_query(query).stop == [text, "second, third"]


def test_only_lists_whose_items_hold_no_comma_are_split() -> None:
    lists = {
        name
        for name, schema in RunSettings.model_json_schema()["properties"].items()
        if schema.get("type") == "array"
    }
    assert lists == {"capture", "forced_ids", "forced_texts", "stop"}
    assert lists > COMMA_SEPARATED


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ([("prompt", "x"), ("top_k", "many")], "top_k"),
        ([("prompt", "x"), ("temperature", "nan")], "temperature"),
        ([("prompt", "x"), ("prompt", "y")], "prompt"),
        ([("prompt", "x"), ("forced_ids", "1,b")], "forced_ids"),
        ([("prompt", "x"), ("topk", "1")], "topk"),
        ([("params", "{")], "params"),
        ([("params", '{"prompt": "x"}'), ("top_k", "1")], "top_k"),
    ],
)
def test_a_query_that_does_not_fit_is_named(query: list[tuple[str, str]], field: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        settings_from_query(query)
    assert caught.value.field == field
