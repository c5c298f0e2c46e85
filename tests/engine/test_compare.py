"""Two runs in step: every figure against torch and transformers' own outputs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pytest
import torch

from mav_engine import MavError, RunSettings, run
from mav_engine.backends import Backend, load_backend
from mav_engine.backends.fake import FakeBackend
from mav_engine.backends.inference.session import BatchedSession
from mav_engine.compare import (
    Common,
    Compared,
    CompareEvent,
    CompareSettings,
    Divergence,
    SideEvent,
    compare,
    compare_to_json,
    parse_compare,
)
from mav_engine.contract.events import Done, Error, Event, Prompt, Token
from tests.engine.conftest import Case

STORY = "Once upon a time, there was a little"
MakeCase = Callable[[str], Case]


def compared(
    a: Backend, b: Backend, given: dict[str, Any], other: dict[str, Any] | None = None, **more: Any
) -> list[CompareEvent]:
    first = {"prompt": STORY, **given}
    settings = parse_compare({"a": first, "b": {**first, **(other or {})}, **more})
    return list(compare(settings, backends=(a, b)))


def side(events: list[CompareEvent], name: str) -> list[Event]:
    return [each.event for each in events if isinstance(each, SideEvent) and each.side == name]


def tokens(events: list[CompareEvent], name: str) -> list[Token]:
    return [event for event in side(events, name) if isinstance(event, Token)]


def divergences(events: list[CompareEvent]) -> list[Divergence]:
    return [event for event in events if isinstance(event, Divergence)]


def summary(events: list[CompareEvent]) -> Compared:
    assert isinstance(events[-1], Compared)
    return events[-1]


def logprobs(case: Case, ids: list[int]) -> torch.Tensor:
    """[positions, vocabulary] of transformers' own forward pass, in double precision."""
    with torch.inference_mode():
        return case.reference(torch.tensor([ids])).logits[0].double().log_softmax(-1)


def test_forced_divergence_is_that_of_transformers_own_logits(make_case: MakeCase) -> None:
    one, other = make_case("mav-tiny"), make_case("llama")
    events = compared(one.backend, other.backend, {"max_new_tokens": 12}, mode="forced")
    written = [token.token.id for token in tokens(events, "a")]
    assert [token.token.id for token in tokens(events, "b")] == written
    assert all(token.forced for token in tokens(events, "b"))
    assert not any(token.forced for token in tokens(events, "a"))
    prompt = next(event for event in side(events, "a") if isinstance(event, Prompt))
    ids = [token.id for token in prompt.tokens] + written
    log_p, log_q = logprobs(one, ids), logprobs(other, ids)
    assert [each.index for each in divergences(events)] == list(range(12))
    for each in divergences(events):
        at = len(prompt.tokens) - 1 + each.index
        said = written[each.index]
        p, q = log_p[at], log_q[at]
        expected = torch.nn.functional.kl_div(q, p, log_target=True, reduction="sum").item()
        reverse = torch.nn.functional.kl_div(p, q, log_target=True, reduction="sum").item()
        assert each.same_text
        assert each.kl == pytest.approx(expected, rel=1e-4)
        assert each.kl_reverse == pytest.approx(reverse, rel=1e-4)
        assert each.rank == int((q > q[said]).sum())
        assert each.logprob == pytest.approx(q[said].item(), rel=1e-4)
        assert each.same_top == (p.argmax() == q.argmax()).item()
    kls = [each.kl for each in divergences(events)]
    assert summary(events).mean_kl == pytest.approx(np.mean(kls))  # type: ignore[arg-type]
    assert summary(events).max_kl == pytest.approx(max(kls))  # type: ignore[type-var]
    assert (summary(events).steps, summary(events).parted_at) == (12, None)


def test_layer_differences_are_those_of_both_hidden_states(make_case: MakeCase) -> None:
    one, other = make_case("llama"), make_case("qwen2")
    events = compared(one.backend, other.backend, {"max_new_tokens": 4}, mode="forced")
    prompt = next(event for event in side(events, "a") if isinstance(event, Prompt))
    ids = [t.id for t in prompt.tokens] + [t.token.id for t in tokens(events, "a")]
    with torch.inference_mode():
        states = [
            case.reference(torch.tensor([ids]), output_hidden_states=True).hidden_states
            for case in (one, other)
        ]
    for each in divergences(events):
        at = len(prompt.tokens) - 1 + each.index
        assert each.resid_distance is not None
        assert each.resid_cosine is not None
        assert each.resid_distance.shape == each.resid_cosine.shape == (4,)
        for row in range(3):  # transformers tells its last state after the final norm
            a, b = states[0][row][0, at].double(), states[1][row][0, at].double()
            distance = ((a - b).norm() / a.norm()).item()
            assert each.resid_distance[row] == pytest.approx(distance, rel=1e-4)
            cosine = torch.nn.functional.cosine_similarity(a, b, dim=0).item()
            assert each.resid_cosine[row] == pytest.approx(cosine, abs=1e-4)


def test_a_model_compared_with_itself_is_no_distance_away(tiny: Backend) -> None:
    events = compared(tiny, tiny, {"max_new_tokens": 8, "temperature": 0.9})
    assert summary(events).parted_at is None
    for each in divergences(events):
        assert each.kl == pytest.approx(0, abs=1e-6)
        assert (each.rank, each.same_top) == (tokens(events, "a")[each.index].rank, True)
        np.testing.assert_allclose(each.resid_distance, 0, atol=1e-4)
        np.testing.assert_allclose(each.resid_cosine, 1, atol=1e-4)


def test_a_quantized_model_is_compared_with_the_one_it_was_made_from(tiny: Backend) -> None:
    quantized = load_backend("mav-tiny@int8-dynamic")
    events = compared(tiny, quantized, {"max_new_tokens": 24}, mode="forced")
    mean = summary(events).mean_kl
    assert mean is not None
    assert 0 < mean < 0.1
    distances = np.array([each.resid_distance for each in divergences(events)])
    assert (distances[:, 0] == 0).all(), "its embedding is held in float32"
    assert (distances[:, 1:] > 0).all()
    assert distances.max() < 0.5


def test_each_side_has_the_events_of_a_run_alone(tiny: Backend) -> None:
    given = {"prompt": STORY, "max_new_tokens": 20, "temperature": 0.8, "seed": 3}
    events = compared(tiny, tiny, given, {"temperature": 1.2})
    for name, temperature in (("a", 0.8), ("b", 1.2)):
        alone = list(run(RunSettings(**{**given, "temperature": temperature}), backend=tiny))
        ours = side(events, name)
        assert [event.type for event in ours] == [event.type for event in alone]
        assert [t.token.id for t in tokens(events, name)] == [
            event.token.id for event in alone if isinstance(event, Token)
        ]
        assert isinstance(ours[-1], Done)
        assert isinstance(alone[-1], Done)
        assert ours[-1].text == alone[-1].text


def test_figures_after_different_texts_say_so_and_do_not_count(tiny: Backend) -> None:
    events = compared(
        tiny, tiny, {"max_new_tokens": 16, "temperature": 1.5, "seed": 1}, {"seed": 2}
    )
    parted = summary(events).parted_at
    assert parted is not None
    for each in divergences(events):
        assert each.same_text == (each.index <= parted)
    same = [each.kl for each in divergences(events) if each.same_text]
    assert summary(events).mean_kl == pytest.approx(np.mean(same), abs=1e-9)  # type: ignore[arg-type]


def test_runs_of_unlike_length_each_come_to_their_end(tiny: Backend) -> None:
    events = compared(tiny, tiny, {"max_new_tokens": 40}, {"max_new_tokens": 3})
    assert (len(tokens(events, "a")), len(tokens(events, "b"))) == (40, 3)
    assert len(divergences(events)) == 3


def test_a_run_forced_along_a_growing_text_does_not_choose_ahead(
    tiny: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed: list[BatchedSession] = []
    monkeypatch.setattr(BatchedSession, "set_chooser", lambda session, _: followed.append(session))
    compared(tiny, tiny, {"max_new_tokens": 4}, mode="forced")
    assert len(followed) == 1  # the first run's alone


@pytest.mark.parametrize("stop", [{"stop": ["."]}, {"max_new_tokens": 5}])
def test_a_forced_run_ends_where_the_other_ends(tiny: Backend, stop: dict[str, Any]) -> None:
    settings = {"max_new_tokens": 60, **stop}
    events = compared(tiny, tiny, settings, {"stop": [], "max_new_tokens": 60}, mode="forced")
    assert len(tokens(events, "b")) == len(tokens(events, "a")) < 60
    assert isinstance(side(events, "b")[-1], Done)


def test_the_text_that_is_followed_may_end_by_itself(tiny: Backend) -> None:
    end = next(iter(tiny.eos_ids))
    ids = [*tiny.vocabulary.encode(" cat", special=False), end]
    settings = {"forced_ids": ids, "max_new_tokens": 40}
    events = compared(tiny, tiny, settings, {"forced_ids": []}, mode="forced")
    done = [side(events, name)[-1] for name in ("a", "b")]
    assert [each.reason for each in done if isinstance(each, Done)] == ["eos", "eos"]
    assert len(tokens(events, "b")) == len(ids)


def test_other_vocabularies_have_no_divergence_and_cannot_be_forced(tiny: Backend) -> None:
    other = FakeBackend()
    events = compared(tiny, other, {"max_new_tokens": 4})
    common = next(event for event in events if isinstance(event, Common))
    assert "mav-tiny has 4096 tokens and fake 257" in (common.kl_absent or "")
    assert common.layers_absent is not None
    assert len(divergences(events)) == 4
    assert all(each.kl is each.rank is each.logprob is None for each in divergences(events))
    assert all(each.resid_distance is None for each in divergences(events))
    with pytest.raises(MavError, match="b cannot be forced to a's text") as refused:
        compared(tiny, other, {"max_new_tokens": 4}, mode="forced")
    assert refused.value.field == "mode"


def test_measurements_that_are_not_captured_are_null(tiny: Backend) -> None:
    events = compared(tiny, tiny, {"max_new_tokens": 2, "capture": ["mlp"]})
    common = next(event for event in events if isinstance(event, Common))
    assert (common.kl_absent, divergences(events)[0].resid_distance) == (None, None)
    assert "add residual" in (common.layers_absent or "")


def test_common_comes_first_and_a_divergence_after_both_tokens(tiny: Backend) -> None:
    events = compared(tiny, tiny, {"max_new_tokens": 30})
    counts = {"a": 0, "b": 0}
    known = False
    for event in events:
        if isinstance(event, SideEvent) and isinstance(event.event, Token):
            counts[event.side] += 1
        known = known or isinstance(event, Common)
        if isinstance(event, Divergence):
            assert known
            assert event.index < min(counts.values())


class Broken(FakeBackend):
    """Fails at its fifth step."""

    def __init__(self) -> None:
        super().__init__("broken", on_step=self._fail)
        self._left = 4

    def _fail(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise RuntimeError("the cable came off")


@pytest.mark.parametrize("mode", ["own", "forced"])
@pytest.mark.parametrize("number", [0, 1])
def test_a_run_that_breaks_ends_both_and_is_named(mode: str, number: int) -> None:
    backends = [FakeBackend(), FakeBackend()]
    backends[number] = Broken()
    events = compared(*backends, {"max_new_tokens": 500, "min_new_tokens": 500}, mode=mode)
    name = "ab"[number]
    last = events[-1]
    assert isinstance(last, Error)
    assert (last.code, last.field) == ("run_failed", name)
    assert last.detail.startswith(f"Run {name}: The model failed")
    assert isinstance(side(events, name)[-1], Error)
    assert len(tokens(events, "ba"[number])) < 100


def test_stopping_and_letting_go_end_both() -> None:
    settings = CompareSettings(
        a=RunSettings(prompt="a", max_new_tokens=3000), b=RunSettings(prompt="a", max_new_tokens=9)
    )
    events = compare(settings, backends=(FakeBackend(), FakeBackend()))
    for _ in range(20):
        next(events)
    events.close()  # type: ignore[attr-defined]
    assert not [each for each in threading.enumerate() if each.name.startswith("compare")]
    stopped = list(
        compare(settings, backends=(FakeBackend(), FakeBackend()), stop=lambda: "breakpoint")
    )
    done = [side(stopped, name)[-1] for name in ("a", "b")]
    assert [each.reason for each in done if isinstance(each, Done)] == ["breakpoint"] * 2


def test_one_seed_serves_both() -> None:
    settings = {"a": {"prompt": "x"}, "b": {"prompt": "x", "seed": 5}}
    both = parse_compare(settings).resolved()
    assert (both.a.seed, both.b.seed) == (5, 5)
    drawn = parse_compare({"a": {"prompt": "x"}, "b": {"prompt": "y"}}).resolved()
    assert drawn.a.seed == drawn.b.seed is not None
    named = parse_compare({"a": {"prompt": "x", "seed": 1}, "b": {"prompt": "y", "seed": 2}})
    assert (named.resolved().a.seed, named.resolved().b.seed) == (1, 2)


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"a": {"prompt": "x"}}, "b", "b is missing"),
        ({"a": {"prompt": "x"}, "b": {"prompt": "x", "top_p": 7}}, "b.top_p", "Run b: top_p"),
        ({"a": {"promt": "x"}, "b": {"prompt": "x"}}, "a.promt", "Did you mean prompt"),
        ({"a": {}, "b": {}, "mod": "own"}, "mod", "Did you mean mode"),
        ({"a": {"prompt": "x"}, "b": {"prompt": "x"}, "mode": "both"}, "mode", "own, forced"),
        (
            {"a": {"prompt": "x"}, "b": {"prompt": "x", "forced_ids": [1]}, "mode": "forced"},
            "b.forced_ids",
            "leave it away",
        ),
        ({"a": {"resume": "x"}, "b": {"prompt": "x"}}, "a.resume", "cannot be compared"),
        ([], None, "must be a JSON object"),
    ],
)
def test_an_error_names_the_side(given: object, field: str | None, message: str) -> None:
    with pytest.raises(MavError) as refused:
        parse_compare(given)
    assert refused.value.field == field
    assert message in refused.value.detail


def test_an_infinite_divergence_does_not_exist() -> None:
    from mav_engine.compare.divergence import kl_divergence
    from mav_engine.generation.prediction import Prediction

    one = Prediction(np.array([1.0, 2.0, 3.0], np.float32))
    other = Prediction(np.array([1.0, -np.inf, 3.0], np.float32))
    assert kl_divergence(one, other) is None
    assert kl_divergence(other, one) is not None


def test_events_travel_as_json(tiny: Backend) -> None:
    events = compared(tiny, tiny, {"max_new_tokens": 2})
    wire = [orjson.loads(compare_to_json(event)) for event in events]
    assert {each["type"] for each in wire} == {"side", "common", "divergence", "compared"}
    divergence = next(each for each in wire if each["type"] == "divergence")
    assert len(divergence["resid_distance"]) == 7
    assert wire[0]["event"]["type"] == "start"


def test_models_that_are_loaded_by_name_are_kept_for_the_next_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loads: list[str] = []

    def load(source: str) -> FakeBackend:
        loads.append(source)
        return FakeBackend()

    monkeypatch.setattr("mav_engine.backends.load_backend", load)
    monkeypatch.setattr("mav_engine.running.kept_models._kept", {})

    def run_on(*models: str) -> None:
        settings = [RunSettings(model=each, prompt="x", max_new_tokens=1) for each in models]
        if len(settings) == 1:
            list(run(settings[0]))
        else:
            list(compare(CompareSettings(a=settings[0], b=settings[1])))

    for models, loaded in [
        (["a/one"], ["a/one"]),
        (["a/one"], []),
        (["a/one", "a/two"], ["a/two"]),
        (["a/two", "a/one"], []),
        (["a/two"], []),
        (["a/one"], ["a/one"]),
    ]:
        loads.clear()
        run_on(*models)
        assert loads == loaded, models
