"""Models of llama-cpp-python's server, started by the tests with a published GGUF file.

`make test-servers` builds it, which takes a quarter of an hour. It sends a candidate more than were
asked for if the chosen token is not among them, and comments while it is silent.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mav_engine import run
from mav_engine.backends import Backend, load_backend
from mav_engine.backends.chat_server.chat_model import ChatModel
from mav_engine.config import ServerConfig
from mav_engine.contract.events import Done, Event, Prompt, Token
from mav_engine.settings import RunSettings
from tests.server.real_chat_server import real_server

FILE = Path(os.environ.get("MAV_TEST_GGUF", ""))
PYTHON = os.environ.get("MAV_TEST_LLAMA_CPP", "")
pytestmark = pytest.mark.skipif(
    not FILE.is_file() or not PYTHON, reason="llama-cpp-python is not built: `make test-servers`"
)
KEY = "the-key-of-the-server"
NAME = "smollm@lc"
PROMPT = "Once upon a time, there was a little girl"
CHAT = [{"role": "user", "content": "Name a colour."}]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatModel]:
    command = [
        PYTHON, "-m", "llama_cpp.server", "--model", str(FILE), "--model_alias", "smollm",
        "--n_ctx", "1024", "--logits_all", "true", "--host", "127.0.0.1", "--api_key", KEY,
    ]  # fmt: skip
    log = tmp_path_factory.mktemp("llama-cpp") / "log"
    with real_server(command, "/openapi.json", log) as url:
        config = ServerConfig(chat_servers=f"lc={url}", chat_keys=f"lc={KEY}")
        opened = config.open_chat_model(NAME)
        assert opened is not None
        yield opened


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    loaded = load_backend(str(FILE))
    yield loaded
    loaded.close()


def events_of(model: ChatModel, **settings: Any) -> list[Event]:
    source = {} if "messages" in settings else {"prompt": PROMPT}
    return list(run(RunSettings(model=NAME, **source, **settings), backend=model))


def tokens_of(events: list[Event]) -> list[Token]:
    assert isinstance(events[-1], Done), events[-1]
    return [each for each in events if isinstance(each, Token)]


def test_it_is_recognised(model: ChatModel) -> None:
    info = model.info

    assert info.server is not None
    assert info.server.kind == "llama-cpp-python"
    assert info.capabilities == ["predictions"]


def test_the_prompt_is_tokenized_as_here(model: ChatModel, backend: Backend) -> None:
    prompt = next(each for each in events_of(model, max_new_tokens=1) if isinstance(each, Prompt))

    assert [each.id for each in prompt.tokens] == backend.encode_prompt(PROMPT)
    assert "".join(each.text for each in prompt.tokens) == PROMPT


def test_predictions_are_those_of_the_file(model: ChatModel, backend: Backend) -> None:
    theirs = tokens_of(events_of(model, max_new_tokens=1, top_n=5))[0]
    ours = tokens_of(
        list(run(RunSettings(prompt=PROMPT, max_new_tokens=1, top_n=5), backend=backend))
    )[0]

    # llama.cpp rounds activations to eight bits.
    by_text = {row.text: row.prob for row in ours.top}
    common = [row for row in theirs.top if row.text in by_text]
    assert len(common) >= 3
    for row in common:
        assert row.prob == pytest.approx(by_text[row.text], rel=0.35)
    assert theirs.rank == 0
    assert theirs.entropy_bound is not None
    assert ours.entropy is not None
    assert theirs.entropy_bound < 1.1 * ours.entropy


@pytest.mark.parametrize("source", [{}, {"messages": CHAT}], ids=["completion", "chat"])
def test_one_candidate_too_many_is_not_a_row(model: ChatModel, source: dict[str, Any]) -> None:
    tokens = tokens_of(
        events_of(model, **source, max_new_tokens=40, top_n=2, temperature=2.0, top_k=0, seed=5)
    )

    assert all(len(each.top) <= 2 for each in tokens)
    outside = [each for each in tokens if each.rank is None and each.logprob is not None]
    assert outside
    for each in outside:
        assert all(row.text != each.token.text for row in each.top)
    for each in tokens:
        probs = [row.prob for row in each.top]
        assert probs == sorted(probs, reverse=True)
        assert each.entropy_bound is None or 0 <= each.entropy_bound < math.log(49152)


def test_text_is_whole(model: ChatModel) -> None:
    events = events_of(model, messages=CHAT, max_new_tokens=12)

    assert "".join(each.text for each in tokens_of(events)) == events[-1].text  # type: ignore[union-attr]
    assert events[-1].text  # type: ignore[union-attr]


def test_a_fork_continues_the_text(model: ChatModel) -> None:
    whole = tokens_of(events_of(model, max_new_tokens=8))
    begun = [each.text for each in whole[:4]]

    again = tokens_of(events_of(model, max_new_tokens=8, forced_texts=begun))

    assert [each.text for each in again] == [each.text for each in whole]
    assert [each.forced for each in again] == [True] * 4 + [False] * 4


def test_the_same_seed_samples_the_same(model: ChatModel) -> None:
    def sampled(seed: int) -> list[str]:
        settings = {"temperature": 1.0, "seed": seed, "max_new_tokens": 8}
        return [each.text for each in tokens_of(events_of(model, **settings))]

    assert sampled(1) == sampled(1)
    assert not np.all([sampled(seed) == sampled(1) for seed in (2, 3, 4)])


def test_a_wrong_key_is_refused(model: ChatModel) -> None:
    url = model.server.connection._address.url
    config = ServerConfig(chat_servers=f"lc={url}", chat_keys="lc=another", chat_models="smollm@lc")
    opened = config.open_chat_model(NAME)
    assert opened is not None

    events = list(run(RunSettings(model=NAME, prompt=PROMPT), backend=opened))

    assert opened.server.problem is not None
    assert events[-1].code == "chat_server_refused"  # type: ignore[union-attr]
    assert KEY not in events[-1].detail  # type: ignore[union-attr]


def test_a_stopped_run_leaves_the_server_usable(model: ChatModel) -> None:
    settings = RunSettings(model=NAME, prompt=PROMPT, max_new_tokens=200)
    stopped = list(run(settings, backend=model, stop=lambda: "cancelled"))
    assert isinstance(stopped[-1], Done)

    assert len(tokens_of(events_of(model, max_new_tokens=2))) == 2
