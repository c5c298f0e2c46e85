"""How many tokens a model can process, computed from its configuration."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_NAMES = (
    "max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length",
    "model_max_length", "context_length",
)  # fmt: skip
"""Fields that state a context length, by priority."""
_STRETCHED_BY_FACTOR = frozenset({"dynamic", "linear", "yarn"})
"""Rotary types whose factor multiplies the context that the model was trained with."""
_STORES_FULL_CONTEXT = ("gemma3", "gemma4")
"""Model types (prefixes) whose files state the stretched context beside a linear factor, without
the original one."""
_LARGEST = 2**53
"""Larger numbers are not exact in JSON."""


def context_length(config: Mapping[str, Any]) -> int | None:
    """The largest number of tokens of prompt and continuation together; None if unlimited.

    Args:
        config: the fields of `config.json` or of a loaded configuration; of a model with several
            parts, those of its text model.

    The limit is `max_position_embeddings` (or the architecture's own name for it). Models that
    scale their rotary embeddings reach further, by transformers' definition of
    `rope_parameters` (`rope_scaling` in older files): "a `factor` of x will enable the model to
    handle sequences of length x * original maximum pre-trained length". So for the types `linear`,
    `dynamic` (Peng, 2023, "NTK-aware scaled RoPE") and `yarn` (Peng et al., 2023) the limit is
    `factor * original_max_position_embeddings`. Without that field, the original length is
    `max_position_embeddings`, as in transformers. Files disagree on whether
    `max_position_embeddings` is the original length (Qwen2.5: 32768, factor 4) or the stretched
    one (DeepSeek-V3: 163840 = 40 * 4096; gpt-oss: 131072 = 32 * 4096); the larger of the two
    numbers is right for both.

    The other types do not multiply: `llama3` and `longrope` (Ding et al., 2024) models state the
    stretched context in `max_position_embeddings`, and the factor of `llama3` is not a ratio of
    lengths (Llama 3.2: factor 32, 8192 stretched to 131072).

    Attention with linear biases (ALiBi; Press et al., 2022) has no limit, whatever length the
    configuration mentions. (MPT is an exception: its biases are a table of `max_seq_len` rows.)
    """
    if config.get("alibi") is True or config.get("model_type") == "bloom":
        return None
    stated = positive_integer(config, _NAMES)
    if stated is None or str(config.get("model_type", "")).startswith(_STORES_FULL_CONTEXT):
        return stated
    return max(stated, *(_stretched(rope, config, stated) for rope in _rope_parameters(config)), 0)


def positive_integer(config: Mapping[str, Any], names: Iterable[str]) -> int | None:
    """The first of these fields that holds an integer above 0 that JSON can hold exactly."""
    for name in names:
        value = config.get(name)
        if type(value) is int and 0 < value <= _LARGEST:
            return value
    return None


def _rope_parameters(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The rotary parameters: of all layers, or of each type of layer."""
    given = config.get("rope_parameters") or config.get("rope_scaling")
    if isinstance(given, Mapping):
        yield given
        yield from (each for each in given.values() if isinstance(each, Mapping))


def _stretched(rope: Mapping[str, Any], config: Mapping[str, Any], stated: int) -> int:
    kind = rope.get("rope_type", rope.get("type"))
    factor = rope.get("factor")
    if kind not in _STRETCHED_BY_FACTOR or isinstance(factor, bool):
        return stated
    if not isinstance(factor, int | float) or not math.isfinite(factor):
        return stated
    name = ("original_max_position_embeddings",)
    # Some architectures keep it beside the rotary parameters; transformers prefers it there.
    original = positive_integer(config, name) or positive_integer(rope, name) or stated
    length = factor * original
    return int(length) if length <= _LARGEST else stated
