"""The sampler draws what it declares, tells why candidates fell, and touches nothing global."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from mav_engine import RunSettings, run
from mav_engine.backends import Backend
from mav_engine.errors import NoCandidates
from mav_engine.events import Token
from mav_engine.prediction import Prediction
from mav_engine.sampling import Choice, Sampler
from tests.engine.conftest import Case

PROMPT = "One day, the little dog found a"
LOGITS = np.array([2.0, 1.0, 0.5, 0.0, -1.0, -3.0], dtype=np.float32)


def choose(logits: np.ndarray = LOGITS, context: tuple[int, ...] = (), **given: Any) -> Choice:
    settings = RunSettings(prompt="x", **{"seed": 0, "top_n": 6, **given})
    sampler = Sampler(settings, eos_ids=[0], white_space=lambda: [1])
    return sampler.choose(Prediction(logits), context, index=0, forced=None)


def tokens_of(backend: Backend, **settings: Any) -> list[Token]:
    events = run(RunSettings(prompt=PROMPT, **settings), backend=backend)
    return [event for event in events if isinstance(event, Token)]


@pytest.mark.parametrize(
    ("given", "cut_by"),
    [
        ({"temperature": 0}, [None] + ["temperature"] * 5),
        ({"temperature": 1, "top_k": 2}, [None, None] + ["top_k"] * 4),
        ({"temperature": 1, "top_k": 0, "top_p": 0.6}, [None, None] + ["top_p"] * 4),
        ({"temperature": 1, "top_k": 0, "min_p": 0.2}, [None, None, None] + ["min_p"] * 3),
        ({"temperature": 1, "top_k": 3, "top_p": 0.7}, [None, None] + ["top_p"] + ["top_k"] * 3),
        ({"temperature": 1, "block_eos_steps": 1}, ["block_eos"] + [None] * 5),
        ({"temperature": 1, "min_new_tokens": 1}, ["min_new_tokens"] + [None] * 5),
        ({"temperature": 1, "block_ws_steps": 1}, [None, "block_ws"] + [None] * 4),
        ({"temperature": 1e-300}, [None] + ["temperature"] * 5),
    ],
)
def test_each_control_is_named_where_it_cuts(
    given: dict[str, Any], cut_by: list[str | None]
) -> None:
    choice = choose(**given)
    assert choice.cut_by == cut_by
    assert choice.kept == cut_by.count(None)
    assert sum(choice.sampled_probs) == pytest.approx(1)
    assert all(
        (p == 0) == (cut is not None) for p, cut in zip(choice.sampled_probs, cut_by, strict=True)
    )


def test_the_token_that_crosses_top_p_is_kept() -> None:
    probs = np.log(np.array([0.5, 0.3, 0.2], dtype=np.float32))
    assert choose(probs, temperature=1, top_k=0, top_p=0.6).kept == 2


def test_a_repeated_ngram_is_cut() -> None:
    choice = choose(context=(3, 0, 3), no_repeat_ngram_size=2)
    assert choice.cut_by[0] == "no_repeat_ngram"
    assert choice.token_id == 1


def test_a_penalty_makes_negative_scores_smaller_not_larger() -> None:
    free = choose(temperature=1, top_k=0)
    penalized = choose(context=(5,), temperature=1, top_k=0, repetition_penalty=2.0)
    assert penalized.sampled_probs[5] < free.sampled_probs[5]


def test_nothing_left_to_choose_is_an_error_that_names_the_control() -> None:
    with pytest.raises(NoCandidates, match="no_repeat_ngram"):
        choose(LOGITS[:2], context=(0, 1), no_repeat_ngram_size=1)


def test_draws_follow_the_declared_distribution() -> None:
    given = {"temperature": 1.3, "top_k": 5, "top_p": 0.95, "repetition_penalty": 1.2}
    counts = np.zeros(6)
    for seed in range(4000):
        choice = choose(context=(0,), seed=seed, **given)
        counts[choice.token_id] += 1
    declared = np.zeros(6)
    declared[choice.top_ids] = choice.sampled_probs
    drawn = declared > 0
    assert counts[~drawn].sum() == 0
    assert stats.chisquare(counts[drawn], declared[drawn] * 4000).pvalue > 1e-3


def test_sampled_distribution_is_that_of_generate(tiny_case: Case) -> None:
    given = {
        "temperature": 0.8,
        "top_k": 20,
        "top_p": 0.9,
        "min_p": 0.02,
        "repetition_penalty": 1.3,
        "no_repeat_ngram_size": 2,
    }
    settings = {"max_new_tokens": 8, "min_new_tokens": 3, "top_n": 100, "seed": 5}
    tokens = tokens_of(tiny_case.backend, **settings, **given)
    forced = [token.token.id for token in tokens]
    ids = torch.tensor([tiny_case.tokenizer(PROMPT)["input_ids"]])
    for token in tokens:
        context = torch.cat([ids, torch.tensor([forced[: token.index]], dtype=torch.long)], 1)
        output = tiny_case.reference.generate(
            context,
            attention_mask=torch.ones_like(context),
            do_sample=True,
            max_new_tokens=1,
            output_scores=True,
            return_dict_in_generate=True,
            suppress_tokens=[0] if token.index < 3 else None,
            **given,
        )
        expected = output.scores[0][0].softmax(-1)
        for row in token.top:
            assert row.sampled_prob == pytest.approx(float(expected[row.id]), rel=1e-4, abs=1e-7)
        assert token.distribution.kept == int((expected > 0).sum())


def test_a_seed_gives_the_same_tokens_whatever_else_draws(tiny: Backend) -> None:
    given = {"max_new_tokens": 12, "temperature": 1.0, "seed": 7}
    first = [token.token.id for token in tokens_of(tiny, **given)]
    torch.manual_seed(99)
    torch.rand(1000)
    assert [token.token.id for token in tokens_of(tiny, **given)] == first
    others = {tuple(t.token.id for t in tokens_of(tiny, **{**given, "seed": s})) for s in range(4)}
    assert len(others) == 4


def test_a_run_forced_along_another_goes_on_as_it_did(tiny: Backend) -> None:
    given = {"max_new_tokens": 16, "temperature": 1.0, "seed": 3, "min_new_tokens": 16}
    whole = [token.token.id for token in tokens_of(tiny, **given)]
    again = [token.token.id for token in tokens_of(tiny, forced_ids=whole[:9], **given)]
    assert again == whole


def test_global_random_state_is_untouched(tiny: Backend) -> None:
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1]
    tokens_of(tiny, max_new_tokens=4, temperature=1.0)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)


def test_an_unset_seed_is_drawn_and_told(tiny: Backend) -> None:
    starts = [next(iter(run(RunSettings(prompt=PROMPT), backend=tiny))) for _ in range(2)]
    seeds = [start.settings.seed for start in starts]
    assert all(isinstance(seed, int) for seed in seeds)
    assert seeds[0] != seeds[1]
