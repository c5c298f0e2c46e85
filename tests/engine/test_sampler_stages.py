"""Each stage of the sampler is what transformers' own processors leave, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import orjson
import pytest
import torch
from transformers.generation.logits_process import (
    LogitsProcessor,
    MinPLogitsWarper,
    NoRepeatNGramLogitsProcessor,
    RepetitionPenaltyLogitsProcessor,
    SuppressTokensLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from mav_engine import RunSettings, run
from mav_engine.contract.events import SamplerStage, Token, from_json, to_json
from mav_engine.generation.prediction import Prediction
from mav_engine.generation.sampler import Choice, Sampler
from tests.engine.conftest import Case

CONTEXT = (7, 3, 11, 3, 7, 3)
EOS, BLANK = 0, 5
EVERYTHING: dict[str, Any] = {
    "repetition_penalty": 1.4,
    "no_repeat_ngram_size": 2,
    "min_new_tokens": 4,
    "block_ws_steps": 2,
    "temperature": 0.7,
    "top_k": 40,
    "top_p": 0.9,
    "min_p": 0.05,
}
THEIRS: dict[str, Callable[[float], LogitsProcessor]] = {
    "repetition_penalty": RepetitionPenaltyLogitsProcessor,
    "no_repeat_ngram": lambda size: NoRepeatNGramLogitsProcessor(int(size)),
    "min_new_tokens": lambda _: SuppressTokensLogitsProcessor([EOS]),
    "block_eos": lambda _: SuppressTokensLogitsProcessor([EOS]),
    "block_ws": lambda _: SuppressTokensLogitsProcessor([BLANK]),
    "temperature": TemperatureLogitsWarper,
    "top_k": lambda k: TopKLogitsWarper(int(k)),
    "top_p": TopPLogitsWarper,
    "min_p": MinPLogitsWarper,
}


def logits_of(seed: int, size: int = 200) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 3, size).astype(np.float32)


def choose(logits: np.ndarray, **given: Any) -> Choice:
    settings = {"capture": ["sampler_stages"], "top_n": 30, "top_k": 0, "seed": 4, **given}
    sampler = Sampler(
        RunSettings(prompt="x", **settings), eos_ids=[EOS], white_space=lambda: [BLANK]
    )
    return sampler.choose(Prediction(logits), CONTEXT, index=1, forced=None)


def left_by_theirs(logits: np.ndarray, stages: list[SamplerStage]) -> list[np.ndarray]:
    """[vocabulary] probabilities after each stage; 0 where a token was cut."""
    scores = torch.from_numpy(logits)[None].clone()
    left = []
    for stage in stages:
        scores = THEIRS[stage.control](stage.setting)(torch.tensor([CONTEXT]), scores)
        left.append(scores[0].double().softmax(-1).numpy())
    return left


def agree(choice: Choice, expected: list[np.ndarray]) -> None:
    assert choice.stages is not None
    for stage, probs in zip(choice.stages, expected, strict=True):
        assert stage.kept == np.count_nonzero(probs), stage.control
        for token_id, prob in zip(choice.top_ids, stage.probs, strict=True):
            assert prob == (pytest.approx(probs[token_id], rel=1e-5) if probs[token_id] else None)
        assert stage.said == pytest.approx(probs[choice.token_id], rel=1e-5)


@pytest.mark.parametrize(
    "given",
    [
        {"temperature": 1.0, "repetition_penalty": 1.4},
        {"temperature": 1.0, "repetition_penalty": 0.7},
        {"temperature": 1.0, "no_repeat_ngram_size": 2},
        {"temperature": 1.0, "min_new_tokens": 4},
        {"temperature": 1.0, "block_eos_steps": 4},
        {"temperature": 1.0, "block_ws_steps": 4},
        {"temperature": 0.4},
        {"temperature": 2.5},
        {"temperature": 1.0, "top_k": 7},
        {"temperature": 1.0, "top_p": 0.6},
        {"temperature": 1.0, "min_p": 0.1},
    ],
    ids=str,
)
def test_each_control_alone_leaves_what_transformers_processor_leaves(
    given: dict[str, Any],
) -> None:
    for seed in range(5):
        logits = logits_of(seed)
        logits[[EOS, BLANK, 11]] = logits.max() + np.array([1, 2, 3], dtype=np.float32)
        choice = choose(logits, **given)
        assert len(choice.stages or []) == 1
        agree(choice, left_by_theirs(logits, choice.stages or []))


def test_all_controls_together_leave_it_stage_by_stage() -> None:
    for seed in range(8):
        logits = logits_of(seed)
        choice = choose(logits, **EVERYTHING)
        stages = choice.stages or []
        names = [stage.control for stage in stages]
        assert names == [name for name in THEIRS if name != "block_eos"]
        assert [stage.setting for stage in stages] == list(EVERYTHING.values())
        agree(choice, left_by_theirs(logits, stages))


def test_the_last_stage_is_what_was_drawn_from_and_the_first_null_names_the_control() -> None:
    choice = choose(logits_of(3), **EVERYTHING)
    stages = choice.stages or []
    assert stages[-1].kept == choice.kept
    for row, (drawn, cut_by) in enumerate(zip(choice.sampled_probs, choice.cut_by, strict=True)):
        assert (stages[-1].probs[row] or 0) == pytest.approx(drawn, rel=1e-9)
        gone = [stage.control for stage in stages if stage.probs[row] is None]
        assert gone[:1] == ([] if cut_by is None else [cut_by])


@pytest.mark.parametrize("added", [1024, -1024])
def test_a_number_added_to_all_logits_changes_no_stage(added: int) -> None:
    logits = (logits_of(0) * 8).round() / 8  # so that the sums are exact
    given: dict[str, Any] = {"min_new_tokens": 4, "temperature": 0.7, "top_k": 40, "top_p": 0.9}
    assert choose(logits + np.float32(added), **given).stages == choose(logits, **given).stages


def test_greedy_is_one_stage_that_leaves_one_token() -> None:
    logits = logits_of(0)
    (stage,) = choose(logits, temperature=0, top_k=5, top_p=0.5).stages or []
    assert (stage.control, stage.setting, stage.kept, stage.said) == ("temperature", 0, 1, 1)
    assert stage.probs == [1.0] + [None] * 29


def test_the_lowest_temperature_is_one_stage_that_leaves_one_token() -> None:
    (stage,) = choose(logits_of(0), temperature=1e-300).stages or []
    assert (stage.control, stage.kept, stage.said) == ("temperature", 1, 1)


def test_controls_that_are_off_are_left_out() -> None:
    assert choose(logits_of(0), temperature=1.0).stages == []
    assert choose(logits_of(0), temperature=1.0, top_k=5000).stages == []
    assert choose(logits_of(0), temperature=1.0, top_k=200).stages == []
    settings = RunSettings(
        prompt="x", seed=0, temperature=1, top_k=0, block_ws_steps=9, capture=["sampler_stages"]
    )
    sampler = Sampler(settings, eos_ids=[EOS], white_space=list)
    assert sampler.choose(Prediction(logits_of(0)), CONTEXT, 0, forced=None).stages == []


def test_a_forced_token_that_the_controls_cut_is_null_where_it_fell() -> None:
    logits = logits_of(1)
    lowest = int(logits.argmin())
    settings = RunSettings(prompt="x", seed=0, temperature=0.5, top_k=3, capture=["sampler_stages"])
    sampler = Sampler(settings, eos_ids=[EOS], white_space=list)
    stages = sampler.choose(Prediction(logits), CONTEXT, index=0, forced=lowest).stages or []
    assert [stage.said is None for stage in stages] == [False, True]


def test_a_run_has_stages_only_if_they_are_captured(tiny_case: Case) -> None:
    given: dict[str, Any] = {"temperature": 0.8, "top_k": 20, "seed": 1, "max_new_tokens": 3}

    def tokens(**more: Any) -> list[Token]:
        settings = RunSettings(prompt="Once upon a", **given, **more)
        return [e for e in run(settings, backend=tiny_case.backend) if isinstance(e, Token)]

    captured, plain = tokens(capture=["sampler_stages"]), tokens()
    assert [token.token.id for token in captured] == [token.token.id for token in plain]
    for one, other in zip(captured, plain, strict=True):
        assert other.sampler_stages is None
        assert b"sampler_stages" not in to_json(other)
        wire = orjson.loads(to_json(one))["sampler_stages"]
        assert [stage["control"] for stage in wire] == ["temperature", "top_k"]
        assert from_json(to_json(one)).sampler_stages == one.sampler_stages
        for row, prob in zip(one.top, wire[-1]["probs"], strict=True):
            assert (prob or 0) == pytest.approx(row.sampled_prob, rel=1e-6)
