"""A run from its door: how it ends, what it refuses, and what it survives."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from mav_engine import MavError, RunSettings, run
from mav_engine.backends import Backend
from mav_engine.backends.fake import FakeBackend, FakeSession
from mav_engine.contract.events import Event
from mav_engine.generation.capture import Step
from tests.engine.runs import alone, tokens_of

STORY = "Once upon a time, there was a little"


def events_of(backend: Backend, **settings: Any) -> list[Event]:
    return alone(backend, **{"prompt": STORY, **settings})


def test_events_come_in_order_and_add_up(tiny: Backend) -> None:
    events = events_of(tiny, max_new_tokens=10)
    assert [event.type for event in events] == ["start", "prompt", *["token"] * 10, "done"]
    start, prompt, *tokens, done = events
    assert [token.index for token in tokens] == list(range(10))
    assert tokens[0].position == len(prompt.tokens)
    assert all(b.position == a.position + 1 for a, b in pairwise(tokens))
    assert done.text == "".join(token.text for token in tokens)
    assert (done.reason, done.tokens) == ("length", 10)
    assert {probe.name for probe in start.probes} == set(start.settings.capture)
    assert "".join(token.text for token in prompt.tokens) == "<|endoftext|>" + STORY


def test_only_captured_measurements_are_computed(tiny: Backend) -> None:
    token = tokens_of(events_of(tiny, max_new_tokens=1, capture=["residual"]))[0]
    assert token.layers.resid_norm is not None
    assert token.layers.mlp_norm is None
    assert token.layers.attn_entropy is None
    assert token.top
    assert token.distribution.kept == 1


def test_end_of_text_ends_the_run_and_adds_no_text(tiny: Backend) -> None:
    events = events_of(tiny, max_new_tokens=480)
    assert events[-1].reason == "eos"
    assert tokens_of(events)[-1].token.id == 0
    assert tokens_of(events)[-1].text == ""
    assert "endoftext" not in events[-1].text
    length = events[-1].tokens + 5
    held = events_of(tiny, max_new_tokens=length, min_new_tokens=length)
    assert 0 not in [token.token.id for token in tokens_of(held)]


def test_the_end_of_the_context_ends_the_run(tiny: Backend) -> None:
    events = events_of(tiny, prompt="cat " * 500, max_new_tokens=400, block_eos_steps=400)
    assert events[-1].reason == "length"
    assert len(events[1].tokens) + len(tokens_of(events)) == tiny.info.context


def test_a_stop_string_ends_the_run_and_is_not_shown(tiny: Backend) -> None:
    whole = events_of(tiny, max_new_tokens=30)[-1].text
    stop = whole[20:26]
    events = events_of(tiny, max_new_tokens=30, stop=[stop])
    assert events[-1].reason == "stop"
    assert events[-1].text == whole[: whole.index(stop)]
    assert "".join(token.text for token in tokens_of(events)) == events[-1].text


def test_a_special_token_stops_by_its_name(tiny: Backend) -> None:
    events = events_of(tiny, stop=["<|endoftext|>"], max_new_tokens=480)
    assert events[-1].reason == "stop"


def test_white_space_is_blocked(tiny: Backend) -> None:
    given = {"prompt": "The end.", "temperature": 1.0, "seed": 1, "block_eos_steps": 20}
    tokens = tokens_of(events_of(tiny, block_ws_steps=20, max_new_tokens=20, **given))
    assert not any(token.token.text.isspace() for token in tokens)


def test_a_caller_can_end_the_run(tiny: Backend) -> None:
    answers = iter([None, None, "deadline"])
    events = list(
        run(RunSettings(prompt=STORY), backend=tiny, stop=lambda: next(answers))  # type: ignore[arg-type]
    )
    assert events[-1].reason == "deadline"
    assert events[-1].tokens == 3


def test_messages_without_a_template_become_lines(tiny: Backend) -> None:
    events = events_of(
        tiny, prompt=None, messages=[{"role": "user", "content": "Hi"}], max_new_tokens=1
    )
    text = "".join(token.text for token in events[1].tokens)
    assert text == "<|endoftext|>user: Hi\nassistant:"


@pytest.mark.parametrize(
    ("settings", "field", "message"),
    [
        ({"prompt": "cat " * 600}, "prompt", "Shorten the prompt by at least"),
        ({"forced_ids": [4096]}, "forced_ids", "0 to 4095"),
        ({"capture": ["residul"]}, "capture", "Did you mean 'residual'|Did you mean residual"),
    ],
)
def test_what_the_model_cannot_do_is_refused_before_it_begins(
    tiny: Backend, settings: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(MavError, match=message) as caught:
        run(RunSettings(**{"prompt": STORY, **settings}), backend=tiny)
    assert caught.value.field == field


class _Broken(FakeSession):
    """Fails at the third step, with a given error."""

    fault: Any = None

    def step(self, token_id: int) -> Step:
        step = super().step(token_id)
        if self._read == len("hi") + 2:
            if isinstance(self.fault, Exception):
                raise self.fault
            step.logits[3] = self.fault
        return step


@pytest.mark.parametrize(
    ("fault", "code"),
    [(np.nan, "not_finite"), (np.inf, "not_finite"), (RuntimeError("boom"), "run_failed")],
)
def test_a_fault_ends_the_run_with_an_error_event(
    fault: Any, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Broken, "fault", fault)
    monkeypatch.setattr("mav_engine.backends.fake.FakeSession", _Broken)
    events = events_of(FakeBackend(), prompt="hi")
    assert [event.type for event in events] == ["start", "prompt", "token", "token", "error"]
    assert events[-1].code == code
