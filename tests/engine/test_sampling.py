"""The sampler draws what it reports, says why candidates were removed, and leaves globals alone."""

from __future__ import annotations

import random
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import hypothesis
import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mav_engine import RunSettings, run
from mav_engine.backends import Backend
from mav_engine.contract.events import Token
from mav_engine.errors import NoCandidates
from mav_engine.generation import controls
from mav_engine.generation.prediction import Prediction
from mav_engine.generation.sampler import Choice, Sampler
from mav_engine.parsing.strict import MAX_WHOLE
from tests.engine.conftest import Case
from tests.engine.runs import tokens_by

PROMPT = "One day, the little dog found a"
tokens_of = partial(tokens_by, prompt=PROMPT)
LOGITS = np.array([2.0, 1.0, 0.5, 0.0, -1.0, -3.0], dtype=np.float32)


def choose(logits: np.ndarray = LOGITS, context: tuple[int, ...] = (), **given: Any) -> Choice:
    settings = RunSettings(prompt="x", **{"seed": 0, "top_n": 6, **given})
    sampler = Sampler(settings, eos_ids=[0], white_space=lambda: [1])
    return sampler.choose(Prediction(logits), context, index=0, forced=None)


def chi_square_p(observed: np.ndarray, expected: np.ndarray) -> float:
    """How often draws from `expected` are at least as far from it as `observed`, Pearson's test."""
    statistic = ((observed - expected) ** 2 / expected).sum()
    freedom = torch.tensor((len(observed) - 1) / 2, dtype=torch.float64)
    return float(torch.special.gammaincc(freedom, torch.tensor(statistic / 2)))


def entropy_of(probs: np.ndarray) -> float:
    """In nats, from the definition."""
    held = probs[probs > 0] / probs.sum()
    return float(-(held * np.log(held)).sum())


@pytest.mark.parametrize(
    ("given", "cut_by"),
    [
        ({"temperature": 0}, [None] + ["temperature"] * 5),
        ({"temperature": 1, "top_k": 2}, [None, None] + ["top_k"] * 4),
        ({"temperature": 1, "top_k": 1}, [None] + ["top_k"] * 5),
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


def test_tokens_at_the_edge_of_top_p_and_min_p() -> None:
    flat = np.zeros(4, np.float32)
    assert choose(flat, temperature=1, top_k=0, top_p=0.5).kept == 2
    assert choose(flat[:3] - [0, 0, 1], temperature=1, top_k=0, min_p=1).kept == 2


@pytest.mark.parametrize("added", [-1000, 1000])
def test_a_number_added_to_all_scores_changes_no_filter(added: int) -> None:
    scores = np.array([2.0, 1.0, 0.0, -1.0])
    for control in (controls.top_p, controls.min_p):
        assert control(scores + added, 0.2).tolist() == control(scores, 0.2).tolist()


def test_a_repeated_ngram_is_cut() -> None:
    choice = choose(context=(3, 0, 3), no_repeat_ngram_size=2)
    assert choice.cut_by[0] == "no_repeat_ngram"
    assert choice.token_id == 1


@pytest.mark.parametrize(
    ("context", "size", "removed"),
    [
        ((1,), 1, [1]),
        ((1,), 2, []),
        ((1, 1), 2, [1]),
        ((1, 2, 3, 0, 1, 2), 3, [3]),
        ((1, 2, 3, 0, 2), 3, []),
        ((2, 1, 2, 3, 2), 2, [1, 3]),
    ],
)
def test_tokens_that_would_repeat_an_ngram_are_cut(
    context: tuple[int, ...], size: int, removed: list[int]
) -> None:
    choice = choose(context=context, no_repeat_ngram_size=size)
    cut = [row for row, control in enumerate(choice.cut_by) if control == "no_repeat_ngram"]
    assert cut == removed


def test_a_penalty_of_an_empty_text_changes_nothing() -> None:
    given: dict[str, Any] = {"temperature": 1, "top_k": 0}
    assert choose(repetition_penalty=2.0, **given) == choose(**given)


def test_of_equally_likely_tokens_those_with_the_highest_ids_are_in_top_p() -> None:
    logits = np.random.default_rng(0).integers(0, 3, 90).astype(np.float32)
    order = np.lexsort((np.arange(90), logits))[::-1]
    shares = np.exp(logits[order].astype(np.float64))
    for mass in (0.2, 0.5, 0.9):
        kept = 1 + np.searchsorted(np.cumsum(shares / shares.sum()), mass)
        choice = choose(logits, temperature=1, top_k=0, top_p=mass, top_n=90)
        probs = dict(zip(choice.top_ids, choice.sampled_probs, strict=True))
        assert {each for each, prob in probs.items() if prob} == set(order[:kept].tolist())


def test_a_penalty_makes_negative_scores_smaller_not_larger() -> None:
    free = choose(temperature=1, top_k=0)
    penalized = choose(context=(5,), temperature=1, top_k=0, repetition_penalty=2.0)
    assert penalized.sampled_probs[5] < free.sampled_probs[5]


def test_nothing_left_to_choose_is_an_error_that_names_the_control() -> None:
    with pytest.raises(NoCandidates, match="no_repeat_ngram"):
        choose(LOGITS[:2], context=(0, 1), no_repeat_ngram_size=1)


def test_all_controls_that_left_nothing_are_named() -> None:
    with pytest.raises(NoCandidates, match="removed by no_repeat_ngram, block_eos;"):
        choose(LOGITS[:2], context=(0, 1), no_repeat_ngram_size=1, block_eos_steps=1)


def test_tokens_that_are_not_reported_may_be_left() -> None:
    choice = choose(top_n=1, temperature=0, block_eos_steps=1)
    assert (choice.top_ids, choice.cut_by, choice.token_id) == ([0], ["block_eos"], 1)


@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(
    logits=arrays(np.float32, st.integers(2, 9), elements=st.sampled_from([-np.inf, -1, 0, 0.5])),
    blocks=st.sets(st.sampled_from(["min_new_tokens", "block_eos_steps", "block_ws_steps"])),
    top_n=st.integers(1, 10),
)
def test_greedy_choices_are_those_of_all_controls(
    logits: np.ndarray, blocks: set[str], top_n: int
) -> None:
    """Where the stages are asked for, every control is applied to the whole vocabulary."""
    hypothesis.assume(logits.max() > -np.inf)
    given = {"temperature": 0, "top_n": top_n, **dict.fromkeys(blocks, 1)}
    try:
        applied = choose(logits, capture=["sampler_stages"], **given)
    except NoCandidates as error:
        with pytest.raises(NoCandidates, match=re.escape(str(error))):
            choose(logits, **given)
        return
    assert choose(logits, **given) == replace(applied, stages=None)


@pytest.mark.parametrize("name", ["min_new_tokens", "block_eos_steps", "block_ws_steps"])
def test_a_block_ends_with_its_steps(name: str) -> None:
    settings = RunSettings(prompt="x", seed=0, top_n=6, temperature=1, top_k=0, **{name: 2})
    sampler = Sampler(settings, eos_ids=[0], white_space=lambda: [1])
    cuts = [sampler.choose(Prediction(LOGITS), (), i, forced=None).cut_by for i in range(3)]
    assert [any(each) for each in cuts] == [True, True, False]


def test_white_space_is_looked_for_only_where_it_is_blocked() -> None:
    def never() -> list[int]:
        raise AssertionError

    Sampler(RunSettings(prompt="x", seed=0), eos_ids=[0], white_space=never)
    with pytest.raises(AssertionError):
        Sampler(RunSettings(prompt="x", seed=0, block_ws_steps=1), eos_ids=[0], white_space=never)


def test_a_seed_must_be_known() -> None:
    with pytest.raises(ValueError, match=r"^settings\.seed must be resolved before sampling$"):
        Sampler(RunSettings(prompt="x"), eos_ids=[0], white_space=list)


def test_a_forced_token_is_taken_and_marked() -> None:
    settings = RunSettings(prompt="x", seed=0, temperature=0, top_n=6)
    sampler = Sampler(settings, eos_ids=[0], white_space=list)
    free, forced = (sampler.choose(Prediction(LOGITS), (), 0, forced=each) for each in (None, 4))
    assert (free.token_id, free.forced, free.stages) == (0, False, None)
    assert (forced.token_id, forced.forced, forced.sampled_probs[4]) == (4, True, 0)


def test_a_draw_falls_on_the_likeliest_first_and_of_equal_ones_on_the_lowest_id() -> None:
    """Each token takes one number of the seed's generator, wherever a run begins."""
    settings = RunSettings(prompt="x", seed=5, temperature=1, top_k=0)
    logits = np.random.default_rng(0).integers(0, 4, 1000).astype(np.float32)
    order = np.lexsort((np.arange(1000), -logits))
    shares = np.cumsum(np.exp(logits[order].astype(np.float64)))
    numbers = np.random.Generator(np.random.PCG64(5)).random(6)
    expected = order[np.searchsorted(shares / shares[-1], numbers)].tolist()
    for drawn in (0, 3):
        sampler = Sampler(settings, eos_ids=[0], white_space=list, drawn=drawn)
        prediction = Prediction(logits)
        ids = [sampler.choose(prediction, (), i, forced=None).token_id for i in range(6 - drawn)]
        assert ids == expected[drawn:]
    first = Sampler(settings, eos_ids=[0], white_space=list)
    assert first.choose(Prediction(logits), (), 0, forced=None).token_id == expected[0]


def drawn_with(number: float, logits: np.ndarray) -> Choice:
    """The choice where the seed's generator gives this number."""
    settings = RunSettings(prompt="x", seed=0, temperature=1, top_k=0, top_n=100)
    sampler = Sampler(settings, eos_ids=[0], white_space=list)
    sampler._random = SimpleNamespace(random=lambda: number)  # type: ignore[assignment]
    return sampler.choose(Prediction(logits), (), 0, forced=None)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_equally_likely_tokens_have_equal_intervals_without_their_ends(count: int) -> None:
    flat = np.zeros(count, np.float32)
    begins = [drawn_with(index / count, flat).token_id for index in range(count)]
    ends = [drawn_with(np.nextafter((i + 1) / count, 0), flat).token_id for i in range(count)]
    assert begins == ends == list(range(count))


def test_the_largest_number_below_1_is_the_last_tokens() -> None:
    """Also where the sum of the probabilities is rounded to less."""
    for seed in range(20):
        logits = np.random.default_rng(seed).normal(0, 1, 60).astype(np.float32)
        assert drawn_with(float(np.nextafter(1, 0)), logits).token_id == logits.argmin()


def test_a_chance_that_is_just_above_zero_is_kept() -> None:
    at_the_limit = np.array([0, -2 * 745], dtype=np.float32)
    choice = choose(at_the_limit, temperature=2, capture=["sampler_stages"])
    assert (choice.kept, choice.cut_by) == (2, [None, None])
    assert [stage.kept for stage in choice.stages or []] == [2]
    halved = choose(np.array([0, 0, -745], dtype=np.float32), temperature=1)
    assert halved.sampled_entropy == pytest.approx(np.log(2))


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
    assert chi_square_p(counts[drawn], declared[drawn] * 4000) > 1e-3


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


def test_a_seed_gives_the_same_tokens_beside_other_generators(tiny: Backend) -> None:
    given = {"max_new_tokens": 12, "temperature": 1.0, "seed": 7}
    first = [token.token.id for token in tokens_of(tiny, **given)]
    torch.manual_seed(99)
    torch.rand(1000)
    assert [token.token.id for token in tokens_of(tiny, **given)] == first
    others = {tuple(t.token.id for t in tokens_of(tiny, **{**given, "seed": s})) for s in range(4)}
    assert len(others) == 4


def test_a_run_forced_along_another_continues_like_it(tiny: Backend) -> None:
    given = {"max_new_tokens": 16, "temperature": 1.0, "seed": 3, "min_new_tokens": 16}
    whole = [token.token.id for token in tokens_of(tiny, **given)]
    again = [token.token.id for token in tokens_of(tiny, forced_ids=whole[:9], **given)]
    assert again == whole


def test_global_random_state_is_untouched(tiny: Backend) -> None:
    before, numpy_before = torch.get_rng_state(), np.random.get_state()[1]
    tokens_of(tiny, max_new_tokens=4, temperature=1.0)
    assert torch.equal(torch.get_rng_state(), before)
    assert np.array_equal(np.random.get_state()[1], numpy_before)


def test_an_unset_seed_is_drawn_and_reported(tiny: Backend) -> None:
    starts = [next(iter(run(RunSettings(prompt=PROMPT), backend=tiny))) for _ in range(2)]
    seeds = [start.settings.seed for start in starts]
    assert all(isinstance(seed, int) for seed in seeds)
    assert seeds[0] != seeds[1]


GIVEN = {
    "temperature": st.sampled_from([0.0, 0.5, 1.0, 4.0]),
    "top_k": st.integers(0, 12),
    "top_p": st.floats(0.05, 1.0),
    "min_p": st.floats(0.0, 1.0),
    "repetition_penalty": st.floats(0.2, 5.0),
    "no_repeat_ngram_size": st.integers(0, 3),
    "min_new_tokens": st.integers(0, 3),
    "block_eos_steps": st.integers(0, 3),
    "block_ws_steps": st.integers(0, 3),
}
SCORES = arrays(np.float32, st.integers(4, 40), elements=st.floats(-20, 20, width=32))


@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(
    logits=SCORES,
    given=st.fixed_dictionaries({}, optional=GIVEN),
    context=st.lists(st.integers(0, 3), max_size=8),
    index=st.integers(0, 4),
)
def test_probabilities_before_and_after_sampling_of_the_whole_vocabulary(
    logits: np.ndarray, given: dict[str, Any], context: list[int], index: int
) -> None:
    settings = RunSettings(prompt="x", seed=0, top_n=100, **given)
    sampler = Sampler(settings, eos_ids=[0], white_space=lambda: [1, 99])
    try:
        choice = sampler.choose(Prediction(logits), [3, *context], index, forced=None)
    except NoCandidates:
        return
    probs = np.array(choice.sampled_probs)
    assert sorted(choice.top_ids) == list(range(len(logits)))
    assert probs.sum() == pytest.approx(1)
    assert choice.kept == choice.cut_by.count(None)
    assert (probs[[cut is not None for cut in choice.cut_by]] == 0).all()
    assert choice.sampled_entropy == pytest.approx(entropy_of(probs), abs=1e-6)
    drawn = choice.top_ids.index(choice.token_id)
    assert probs[drawn] > 0
    cut = {choice.top_ids[row]: why for row, why in enumerate(choice.cut_by) if why}
    # The first control in order is named.
    if index < settings.min_new_tokens:
        assert cut[0] in ("min_new_tokens", "no_repeat_ngram")
    elif index < settings.block_eos_steps:
        assert cut[0] in ("block_eos", "no_repeat_ngram")
    if index < settings.block_ws_steps:
        assert cut[1] in ("block_ws", "no_repeat_ngram")
    assert set(cut.values()) <= {*given, "block_eos", "block_ws", "no_repeat_ngram", "top_k"} | {
        "temperature"
    }


def test_the_event_has_the_entropy_of_the_sampled_distribution(tiny: Backend) -> None:
    for temperature in (0.0, 0.7):
        given = {"temperature": temperature, "top_k": 30, "top_n": 100, "max_new_tokens": 3}
        for token in tokens_of(tiny, **given):
            probs = np.array([row.sampled_prob for row in token.top])
            assert token.distribution.kept == np.count_nonzero(probs) == (30 if temperature else 1)
            entropy = token.distribution.sampled_entropy
            assert entropy == pytest.approx(entropy_of(probs), rel=1e-5, abs=1e-9)
            assert entropy < token.distribution.entropy


def test_a_seed_gives_the_same_tokens_beside_other_threads(tiny: Backend) -> None:
    given: dict[str, Any] = {"max_new_tokens": 12, "temperature": 1.0, "min_new_tokens": 12}

    def ids(seed: int) -> list[int]:
        return [token.token.id for token in tokens_of(tiny, seed=seed, **given)]

    alone = {seed: ids(seed) for seed in range(4)}
    over = threading.Event()

    def draw() -> None:
        while not over.is_set():
            torch.manual_seed(1)
            torch.rand(100)
            np.random.seed(1)
            random.seed(1)
            random.random()

    states = torch.get_rng_state(), np.random.get_state(), random.getstate()
    drawing = [threading.Thread(target=draw) for _ in range(2)]
    try:
        for thread in drawing:
            thread.start()
        with ThreadPoolExecutor(4) as pool:
            beside = dict(zip(range(4), pool.map(ids, range(4)), strict=True))
    finally:
        over.set()
        for thread in drawing:
            thread.join()
        torch.set_rng_state(states[0])
        np.random.set_state(states[1])
        random.setstate(states[2])
    assert beside == alone


def test_every_bit_of_the_seed_counts() -> None:
    seeds = [1, 1 + 2**32, 1 + 2**40, MAX_WHOLE]
    draws = [choose(np.zeros(4096, np.float32), temperature=1, top_k=0, seed=s) for s in seeds]
    assert len({choice.token_id for choice in draws}) == len(seeds)


def test_a_tokenizer_with_more_tokens_than_the_model_blocks_those_of_the_model() -> None:
    settings = RunSettings(prompt="x", seed=0, top_n=6, block_ws_steps=1, block_eos_steps=1)
    sampler = Sampler(settings, eos_ids=[0, 6, 300], white_space=lambda: [1, 7, 4000])
    choice = sampler.choose(Prediction(LOGITS), [2], index=0, forced=None)
    assert choice.cut_by[:2] == ["block_eos", "block_ws"]


@pytest.mark.parametrize(
    ("said", "stop", "shown"),
    [
        ("naïve café", "ï", "na"),
        ("one 😀 two", "😀 t", "one "),
        ("日本語", "本", "日"),
        ("a\n\nb", "\n\n", "a"),
        ("the end is", " end", "the"),
        ("abcabd", "abd", "abc"),
    ],
)
def test_a_stop_string_across_tokens_is_not_shown(
    tiny: Backend, said: str, stop: str, shown: str
) -> None:
    ids = tiny.vocabulary.encode(said, special=False)
    given: dict[str, Any] = {"forced_ids": ids, "max_new_tokens": 30, "stop": ["never", stop]}
    events = list(run(RunSettings(prompt=PROMPT, **given), backend=tiny))
    assert (events[-1].reason, events[-1].text) == ("stop", shown)
    texts = [event.text for event in events if isinstance(event, Token)]
    assert "".join(texts) == shown
    assert not any("\ufffd" in text for text in texts)


def test_a_special_token_among_the_stops_ends_where_it_stands(tiny: Backend) -> None:
    ids = [*tiny.vocabulary.encode(" a", special=False), 0]
    given: dict[str, Any] = {"forced_ids": ids, "stop": ["<|endoftext|>", "zz"]}
    events = list(run(RunSettings(prompt=PROMPT, **given), backend=tiny))
    assert (events[-1].reason, events[-1].text, events[-1].tokens) == ("stop", " a", len(ids))


@pytest.mark.parametrize("stop", ["<|user|>", "<|endoftext|>"])
def test_a_marker_that_is_written_as_text_ends_the_run(tiny: Backend, stop: str) -> None:
    """Whether the tokenizer has it as a special token or not."""
    ids = [i for each in (" a", *stop, " b") for i in tiny.vocabulary.encode(each, special=False)]
    assert not tiny.vocabulary.special_ids & set(ids)
    given: dict[str, Any] = {"forced_ids": ids, "max_new_tokens": 40, "stop": [stop]}
    events = list(run(RunSettings(prompt=PROMPT, **given), backend=tiny))
    assert (events[-1].reason, events[-1].text) == ("stop", " a")


def test_end_of_text_is_held_back_for_exactly_so_many_steps(tiny: Backend) -> None:
    ended = len(tokens_of(tiny, max_new_tokens=480))
    for name in ("block_eos_steps", "min_new_tokens"):
        tokens = tokens_of(tiny, max_new_tokens=ended + 2, **{name: ended})
        cuts = [row.cut_by for row in tokens[ended - 1].top if row.id == 0]
        assert cuts == [{"block_eos_steps": "block_eos"}.get(name, name)]
        assert tokens[ended - 1].token.id != 0
        assert all(row.cut_by != cuts[0] for row in tokens[ended].top)
