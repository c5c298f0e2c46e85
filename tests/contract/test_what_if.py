"""The site computes what other sampling controls would do to a token, from its event alone.

The engine's sampler, which has all logits, gives probabilities within the bounds that it states.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mav_engine.backends.fake import FakeBackend
from mav_engine.contract.arrays import Floats, floats
from mav_engine.contract.events import (
    Candidate,
    Distribution,
    Layers,
    Prompt,
    PromptToken,
    Start,
    Timing,
    Token,
    TokenRef,
    to_json,
)
from mav_engine.errors import NoCandidates
from mav_engine.generation.prediction import Prediction, rank_bin_edges
from mav_engine.generation.sampler import Choice, Sampler
from mav_engine.settings import RunSettings
from tests.contract.typescript_reader import TypeScriptReader

TOLERANCE = 2e-6
"""Probabilities and sums travel in single precision."""

CONTROLS = st.fixed_dictionaries(
    {
        "temperature": st.sampled_from([0.0, 0.1, 0.3, 0.7, 1.0, 1.3, 2.0, 10.0])
        | st.floats(0.05, 3),
        "top_k": st.sampled_from([0, 1, 5, 19, 20, 21, 50, 300]),
        "top_p": st.sampled_from([1.0, 0.99, 0.95, 0.9, 0.5, 0.1]) | st.floats(0.01, 1),
        "min_p": st.sampled_from([0.0, 0.0, 0.001, 0.05, 0.3, 1.0]),
    }
)
BEFORE = st.fixed_dictionaries(
    {
        "repetition_penalty": st.sampled_from([1.0, 1.0, 1.0, 0.8, 1.3, 2.5]),
        "no_repeat_ngram_size": st.sampled_from([0, 0, 0, 1]),
        "block_ws_steps": st.sampled_from([0, 0, 0, 1]),
        "top_n": st.sampled_from([20, 20, 1, 5, 100]),
    }
)


@st.composite
def logits(draw: Any) -> tuple[Floats, str]:
    """Logits of a vocabulary, flat or steep, some of them equal or impossible; and their dtype."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = draw(st.sampled_from([3, 30, 500, 5000]))
    spread = draw(st.sampled_from([0.01, 1.0, 3.0, 12.0, 60.0]))
    values = (random.standard_normal(size) * spread + draw(st.sampled_from([-30, 0, 20]))).astype(
        np.float32
    )
    if draw(st.booleans()):
        # A tail like that of a language model.
        values = np.sort(values)[::-1] - np.log1p(np.arange(size, dtype=np.float32))
        values = random.permutation(values).astype(np.float32)
    if draw(st.integers(0, 4)) == 0:
        values[random.random(size) < 0.2] = -np.inf
        values[0] = max(values[0], np.float32(0))
    if draw(st.integers(0, 2)) == 0:
        # As bfloat16 rounds.
        values = (values.view(np.uint32) & 0xFFFF0000).view(np.float32)
    possible = values[np.isfinite(values)]
    distinct = len(np.unique(possible)) == len(possible)
    return values, "float32" if distinct else "bfloat16"


def chosen(values: Floats, context: list[int], asked: RunSettings) -> Choice:
    blank = range(0, len(values), 3)
    sampler = Sampler(asked, eos_ids=[1], white_space=lambda: list(blank))
    return sampler.choose(Prediction(values), context, 0, None)


def run_of(values: Floats, dtype: str, context: list[int], asked: RunSettings) -> list[str]:
    """The lines of the events of a run with one token."""
    prediction, choice = Prediction(values), chosen(values, context, asked)
    edges = rank_bin_edges(len(values))
    raw, probs = prediction.top_numbers(asked.top_n)
    drawn = floats(np.array(choice.sampled_probs, dtype=np.float32))
    texts = [f"t{token_id}" for token_id in choice.top_ids]
    model = FakeBackend().info
    model.dtype = dtype
    start = Start("run", model, asked, [], edges)
    prompt = Prompt(tokens=[PromptToken(each, "t", None, None) for each in context], prefill_ms=1.0)
    token = Token(
        index=0,
        position=len(context),
        token=TokenRef(choice.token_id, "t"),
        forced=False,
        logprob=prediction.logprob(choice.token_id),
        rank=prediction.rank(choice.token_id),
        entropy=prediction.entropy,
        text="t",
        top=list(map(Candidate, choice.top_ids, texts, raw, probs, drawn, choice.cut_by)),
        distribution=Distribution(
            rank_bins=prediction.rank_mass(edges),
            entropy=prediction.entropy,
            effective_tokens=1.0,
            kept=choice.kept,
            sampled_entropy=choice.sampled_entropy,
        ),
        layers=Layers(),
        timing=Timing(step_ms=1.0, capture_ms=0.0),
    )
    return [to_json(event).decode() for event in (start, prompt, token)]


@settings(
    max_examples=300,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(given_logits=logits(), own=CONTROLS, tried=CONTROLS, before=BEFORE, data=st.data())
def test_other_controls_give_what_the_site_states(
    typescript: TypeScriptReader, given_logits: Any, own: Any, tried: Any, before: Any, data: Any
) -> None:
    values, dtype = given_logits
    ids = st.lists(st.integers(0, len(values) - 1), max_size=40)
    context = data.draw(ids) + [int(np.argmax(values))] * data.draw(st.integers(0, 1))
    shared = {"prompt": "x", "seed": 1, **before}
    several = sum([tried["top_k"] > 0, tried["top_p"] < 1, tried["min_p"] > 0]) > 1
    try:
        lines = run_of(values, dtype, context, RunSettings(**shared, **own))
        expected = chosen(values, context, RunSettings(**shared, **tried))
    except NoCandidates:
        return
    site = typescript.read("what-if", orjson.dumps({"events": lines, "controls": tried}))
    assert len(site["rows"]) == len(expected.top_ids)
    for row, prob, cut_by in zip(
        site["rows"], expected.sampled_probs, expected.cut_by, strict=True
    ):
        low, high = row["prob"]["low"], row["prob"]["high"]
        assert low * (1 - TOLERANCE) - 1e-9 <= prob <= high * (1 + TOLERANCE) + 1e-9
        if row["decided"]:
            assert (row["cutBy"] is None) == (cut_by is None)
            # A control before the named one may have removed the row.
            assert row["cutBy"] == cut_by or several
        if _is_exact(before, tried, dtype):
            assert high - low <= 1e-6
    beyond = 1 - sum(expected.sampled_probs)
    assert site["rest"]["low"] - TOLERANCE <= beyond <= site["rest"]["high"] + TOLERANCE


def _is_exact(before: dict[str, Any], tried: dict[str, Any], dtype: str) -> bool:
    """Whether only listed tokens can be drawn, so that the site knows all that matters."""
    plain = before["repetition_penalty"] == 1 and not before["no_repeat_ngram_size"]
    few = 0 < tried["top_k"] <= before["top_n"] and tried["top_p"] == 1 and tried["min_p"] == 0
    unblocked = not before["block_ws_steps"] and dtype == "float32"
    return plain and unblocked and (few or tried["temperature"] == 0)
