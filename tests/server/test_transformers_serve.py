"""Models of `transformers serve`, started by the tests with the embedded model.

It ignores `logprobs` without a word, sends no `[DONE]`, and cannot list a model of a folder.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mav_engine import run
from mav_engine.backends.chat_server.chat_model import ChatModel
from mav_engine.config import ServerConfig
from mav_engine.contract.events import Done, Error, Event, Token
from mav_engine.models import embedded_models
from mav_engine.settings import RunSettings
from tests.server.real_chat_server import real_server

TEMPLATE = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
NAME = "mav-tiny@tf"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatModel]:
    folder = tmp_path_factory.mktemp("served") / "mav-tiny"
    shutil.copytree(embedded_models()["mav-tiny"], folder)
    (folder / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
    program = str(Path(sys.executable).with_name("transformers"))
    log = folder.parent / "log"
    command = [program, "serve", str(folder), "--device", "cpu", "--host", "127.0.0.1"]
    with real_server(command, "/health", log, HF_HUB_OFFLINE="1") as url:
        # Without its kind, which is found by its OpenAPI document.
        config = ServerConfig(chat_servers=f"tf={url}", chat_models=f"{folder}@tf")
        opened = config.open_chat_model(NAME)
        assert opened is not None
        yield opened


def events_of(model: ChatModel, **settings: Any) -> list[Event]:
    source = {} if "messages" in settings else {"prompt": "Once upon a time"}
    return list(run(RunSettings(model=NAME, **source, **settings), backend=model))


def text_of(events: list[Event]) -> str:
    assert isinstance(events[-1], Done), events[-1]
    text = "".join(each.text for each in events if isinstance(each, Token))
    assert text == events[-1].text
    return text


def ours(**settings: Any) -> str:
    """What the same model writes here."""
    return text_of(list(run(RunSettings(model="mav-tiny", **settings))))


def test_it_is_recognised(model: ChatModel) -> None:
    info = model.info

    assert info.server is not None
    assert info.server.kind == "transformers"
    assert info.server.not_available["predictions"] == "logprobs"
    assert info.server.continues == ["prompt"]
    assert info.capabilities == []


def test_a_text_is_continued_as_here(model: ChatModel) -> None:
    events = events_of(model, max_new_tokens=24)

    assert text_of(events) == ours(prompt="Once upon a time", max_new_tokens=24)
    for token in (each for each in events if isinstance(each, Token)):
        assert token.logprob is token.entropy is token.entropy_bound is None
        assert token.notes == {"predictions": "the server reports no log-probabilities"}
    assert isinstance(events[-1], Done)
    assert events[-1].reason == "length"
    assert events[-1].tokens_per_second is not None


def test_a_conversation_is_answered(model: ChatModel) -> None:
    messages = [{"role": "user", "content": "Once upon a time"}]

    said = text_of(events_of(model, messages=messages, max_new_tokens=8))

    assert said == ours(prompt="Once upon a time", max_new_tokens=8)


def test_controls_reach_the_model(model: ChatModel) -> None:
    settings = {"max_new_tokens": 24, "repetition_penalty": 1.5, "no_repeat_ngram_size": 2}

    said = text_of(events_of(model, **settings))

    assert said == ours(prompt="Once upon a time", **settings)
    assert said != ours(prompt="Once upon a time", max_new_tokens=24)


def test_sampling_follows_the_seed(model: ChatModel) -> None:
    def sampled(seed: int) -> str:
        return text_of(events_of(model, max_new_tokens=16, temperature=1.0, seed=seed))

    assert sampled(1) == sampled(1)
    assert len({sampled(seed) for seed in range(1, 4)}) > 1


def test_characters_of_several_tokens_arrive_whole(model: ChatModel) -> None:
    said = text_of(events_of(model, max_new_tokens=16, forced_texts=[" 😀", "é"]))

    assert said.startswith(" 😀é")
    assert "\ufffd" not in said


def test_a_stop_string_ends_it(model: ChatModel) -> None:
    whole = text_of(events_of(model, max_new_tokens=24))
    word = whole.split()[3]

    events = events_of(model, max_new_tokens=24, stop=[word])

    assert text_of(events) == whole[: whole.index(word)]
    assert isinstance(events[-1], Done)
    assert events[-1].reason == "stop"


def test_a_fork_continues_the_text(model: ChatModel) -> None:
    said = text_of(events_of(model, max_new_tokens=12, forced_texts=[",", " there", " lived"]))

    assert said == ", there lived" + ours(prompt="Once upon a time, there lived", max_new_tokens=9)


def test_an_error_within_the_stream_is_an_error_event(model: ChatModel) -> None:
    # A conversation without a token, on which its generate() fails after the stream has begun.
    events = events_of(model, messages=[{"role": "user", "content": ""}], max_new_tokens=1)

    assert isinstance(events[-1], Error)
    assert events[-1].code == "chat_server_failed"
    assert events[-1].detail.startswith("tf reports an error")


def test_a_stopped_run_leaves_the_server_usable(model: ChatModel) -> None:
    events = run(
        RunSettings(model=NAME, prompt="Once", max_new_tokens=400), backend=model,
        stop=lambda: "cancelled",
    )  # fmt: skip
    assert isinstance(list(events)[-1], Done)

    assert text_of(events_of(model, max_new_tokens=2)) == ours(
        prompt="Once upon a time", max_new_tokens=2
    )
