"""The golden file of the sampler: `python -m tests.goldens.sampling` writes it.

It holds choices of the sampler with their predictions, hits of breakpoints, numbers of the random
generator, and decimals of single precision. Logits are normal numbers of a seed with a few changes,
so that the file only names them; both languages make the same.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from mav_engine.contract.arrays import Floats, floats
from mav_engine.errors import MavError
from mav_engine.generation.breakpoint_matcher import BreakpointMatcher
from mav_engine.generation.prediction import Prediction, rank_bin_edges
from mav_engine.generation.sampler import Choice, Sampler
from mav_engine.settings import RunSettings
from tests.goldens.files import rounded, write

NAME = "sampling"
_CASES = 460
_VOCABULARIES = (3, 5, 21, 64, 256, 300, 1000, 4096, 20_000)
_SEEDS: tuple[list[int], ...] = (
    [0], [1], [2**32 - 1], [2**32], [2**53 - 1], [1, 2, 3], [7, 2**40], [0] * 6, [3, 0, 2**50],
)  # fmt: skip


def content() -> dict[str, Any]:
    """What the file holds."""
    return {
        "generators": [_generator(seed) for seed in _SEEDS],
        "normals": [_normals(seed, count) for seed, count in (([0], 9), ([5, 3], 400_000))],
        "decimals": _decimals(),
        "sums": [_sums(count) for count in (1, 7, 8, 100, 129, 1000, 4097, 20_000)],
        "edges": {str(size): rank_bin_edges(size) for size in (*_VOCABULARIES, 1, 2, 50_257)},
        "cases": [_case(number) for number in range(_CASES)],
        "not_finite": [_not_finite(values) for values in _WRONG],
        "breakpoints": [_breakpoints(number) for number in range(80)],
    }


def make_logits(spec: dict[str, Any], step: int) -> Floats:
    """[vocabulary] the logits that a case names, for one of its steps.

    They are normal numbers times `scale`, rounded to multiples of `1 / parts` if there are any
    `parts`, so that many are equal. Every id that `removed` divides is -Infinity, and the ids of
    `values` have those values.
    """
    size = spec["vocabulary"]
    random = np.random.default_rng([spec["seed"], step])
    logits = random.standard_normal(size, dtype=np.float32) * np.float32(spec["scale"])
    if spec["parts"]:
        logits = np.rint(logits * np.float32(spec["parts"])) / np.float32(spec["parts"])
    if spec["removed"]:
        logits[:: spec["removed"]] = -np.inf
    for token_id, value in spec["values"]:
        logits[token_id] = value
    made: Floats = logits.astype(np.float32, copy=False)
    return made


def _generator(seed: list[int]) -> dict[str, Any]:
    def generator(advanced: int = 0) -> np.random.Generator:
        return np.random.Generator(np.random.PCG64(seed).advance(advanced))

    return {
        "seed": seed,
        "uniform": generator().random(4).tolist(),
        "halves": generator().integers(0, 2**32, size=5, dtype=np.uint32).tolist(),
        "advanced": [[by, generator(by).random()] for by in (1, 12_345, 2**40 + 3)],
    }


def _normals(seed: list[int], count: int) -> dict[str, Any]:
    numbers = np.random.default_rng(seed).standard_normal(count, dtype=np.float32)
    digest = hashlib.sha256(numbers.astype("<f4").tobytes()).hexdigest()
    return {"seed": seed, "count": count, "digest": digest, "first": numbers[:4].tolist()}


def _sums(count: int) -> dict[str, Any]:
    """Sums of normal numbers in single precision, and of their thirds in double precision."""
    numbers = np.random.default_rng([29]).standard_normal(count, dtype=np.float32)
    thirds = numbers.astype(np.float64) / 3
    return {"count": count, "single": float(numbers.sum()), "double": float(thirds.sum())}


def _decimals() -> dict[str, Any]:
    """Bits of numbers in single precision, and the numbers that stand for them in JSON."""
    random = np.random.default_rng(11)
    bits = random.integers(0, 0x7F80_0000, 500, dtype=np.uint32)
    powers = np.arange(1, 255, dtype=np.uint32) << 23
    logits = random.standard_normal(500, dtype=np.float32) * 10
    probs = np.exp(random.standard_normal(500, dtype=np.float32) * 4 - 12)
    plain = np.array([0, 0.1, 0.5, 1, -1, 100, 16_777_216, 1e-5, 123_456.7], np.float32)
    values = np.concatenate((bits.view(np.float32), powers.view(np.float32), logits, probs, plain))
    values = values.astype(np.float32)
    return {"bits": values.view(np.uint32).tolist(), "numbers": floats(values)}


def _case(number: int) -> dict[str, Any]:
    """A run of one token or a few, with settings that depend on the number."""
    random = np.random.default_rng([17, number])
    size = int(random.choice(_VOCABULARIES[: 7 if number % 5 else None]))
    spec = _logits_of(number, size, random)
    settings = _settings_of(number, random)
    if number % 2 == 0:
        settings["capture"] = ["sampler_stages"]
    context = random.integers(0, size, int(random.integers(1, 30))).tolist()
    if number % 4 == 0:  # so that n-grams repeat
        context = (context[:5] * 4)[: len(context) + 3]
    eos_ids = sorted({int(each) for each in random.integers(0, size, number % 3)})
    white_space = sorted({int(each) for each in random.integers(0, size + 3, 4)})
    case: dict[str, Any] = {
        "logits": spec,
        "settings": settings,
        "context": context,
        "eos_ids": eos_ids,
        "white_space": white_space,
        "drawn": int(random.choice([0, 0, 1, 50, 2**33])),
        "forced": int(random.integers(0, size)) if number % 6 == 5 else None,
        "choices": [],
    }
    parsed = RunSettings(prompt="x", max_new_tokens=50, **settings)
    sampler = Sampler(parsed, eos_ids, lambda: white_space, case["drawn"])
    for step in range(6 if number % 7 == 0 else 1):
        prediction = Prediction(make_logits(spec, step))
        try:
            choice = sampler.choose(prediction, context, step, case["forced"])
        except MavError as error:
            case["choices"].append({"error": str(error)})
            break
        context = [*context, choice.token_id]
        case["choices"].append(_chosen(choice, prediction))
    return case


def _logits_of(number: int, size: int, random: np.random.Generator) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "vocabulary": size,
        "seed": number,
        "scale": float(random.choice([0.01, 1, 3, 3, 10, 300])),
        "parts": int(random.choice([0, 0, 0, 1, 4])),
        "removed": int(random.choice([0, 0, 0, 2, 3, 7])),
        "values": [],
    }
    if number % 11 == 3:  # differences that single precision has and double precision loses
        spec["values"] = [[0, 1e-30], [2, 1e-38], [1, 300.0]]
    if number % 13 == 5:
        spec["values"] = [[0, -0.0], [1, 0.0], [2, 0.0]]
    if number % 17 == 4:
        spec["removed"], spec["values"] = 1, [[size // 2, 1.0]]
    return spec


def _settings_of(number: int, random: np.random.Generator) -> dict[str, Any]:
    """Every control by itself, then any of them together."""
    choices: dict[str, list[Any]] = {
        "temperature": [0, 0.01, 0.5, 0.8, 1, 1.3, 10],
        "top_k": [0, 1, 2, 10, 50, 100_000],
        "top_p": [0.000_1, 0.3, 0.5, 0.9, 0.999],
        "min_p": [0.001, 0.05, 0.3, 1],
        "repetition_penalty": [0.5, 1.1, 1.3, 7],
        "no_repeat_ngram_size": [1, 2, 3, 40],
        "min_new_tokens": [1, 5],
        "block_eos_steps": [1, 4],
        "block_ws_steps": [1, 3],
    }
    values = {name: each[int(random.integers(len(each)))] for name, each in choices.items()}
    names = list(choices)
    if number < 5 * len(names):
        used = {names[number % len(names)], "temperature"}
    else:
        used = {name for name in names if random.random() < 0.45}
    settings = {"temperature": 1, "top_k": 0} | {name: values[name] for name in sorted(used)}
    return settings | {
        "seed": int(random.integers(0, 2**53)),
        "top_n": int(random.choice([1, 3, 8, 20])) if number % 9 else 100,
    }


def _chosen(choice: Choice, prediction: Prediction) -> dict[str, Any]:
    edges = rank_bin_edges(len(prediction.logits))
    logits, probs = prediction.top_numbers(3)
    return {
        "id": choice.token_id,
        "kept": choice.kept,
        "top": choice.top_ids,
        "cut_by": choice.cut_by,
        "sampled_entropy": rounded(choice.sampled_entropy),
        "sampled_probs": [rounded(each) for each in choice.sampled_probs],
        "stages": None
        if choice.stages is None
        else [
            [
                each.control,
                each.setting,
                each.kept,
                [None if prob is None else rounded(prob) for prob in each.probs],
                None if each.said is None else rounded(each.said),
            ]
            for each in choice.stages
        ],
        "entropy": rounded(prediction.entropy),
        "log_total": rounded(prediction.log_total),
        "rank": prediction.rank(choice.token_id),
        "top_logits": [None if each is None else float(each) for each in logits],
        "top_probs": [float(each) for each in probs],
        "rank_mass": [rounded(each) for each in prediction.rank_mass(edges).tolist()],
    }


_WRONG = (["nan", 1.0, 2.0], [1.0, "inf", 2.0], ["-inf", "-inf"], ["inf", "nan"])


def _not_finite(values: Any) -> dict[str, Any]:
    try:
        Prediction(np.array([float(each) for each in values], np.float32))
    except MavError as error:
        return {"logits": list(values), "error": str(error)}
    raise AssertionError("these logits are finite")


def _breakpoints(number: int) -> dict[str, Any]:
    """The hits of a run's tokens and their texts."""
    random = np.random.default_rng([23, number])
    letter = "a" if number % 12 else "😀"
    asked = {
        name: value
        for name, value in {
            "entropy_above": round(random.uniform(0.5, 2), 1),
            "probability_below": round(random.uniform(0.1, 0.5), 1),
            "text": str(random.choice(["ab", "aa", "a", "😀b"])) if number % 6 else 3 * letter,
            "loop": True,
            "after": int(random.integers(1, 30)),
        }.items()
        if random.random() < 0.5 or (name == "text" and number % 6 == 0)
    }
    # Long texts too, of which only the end is searched; where it begins shows in the matches.
    pieces = ["a", "b", "", "ab", "😀", "aab"] if number % 6 else [letter * 3001, letter]
    period = int(random.integers(1, 6))
    ids = random.integers(0, 1 + number % 4, 40).tolist()
    if number % 3 == 0:
        ids = (ids[:period] * 40)[:40]
    written = int(random.choice([0, 0, 7]))
    texts = [str(random.choice(pieces)) for _ in ids]
    settings = RunSettings(prompt="x", breakpoints=asked)
    matcher = BreakpointMatcher(settings.breakpoints, ids[:written], "".join(texts[:written]))
    tokens = []
    for token_id, text in zip(ids[written:], texts[written:], strict=True):
        entropy, probability = (round(random.uniform(0, scale), 1) for scale in (2.5, 1))
        forced = bool(random.random() < 0.1)
        hits = matcher.token(token_id, entropy=entropy, probability=probability, forced=forced)
        hits += matcher.text(text, forced=forced)
        tokens.append(
            {
                "id": token_id,
                "text": text,
                "entropy": entropy,
                "probability": probability,
                "forced": forced,
                "hits": [[each.condition, each.value, each.found] for each in hits],
            }
        )
    return {
        "breakpoints": asked,
        "written": ids[:written],
        "before": "".join(texts[:written]),
        "tokens": tokens,
    }


if __name__ == "__main__":
    print(write(NAME, content()))
