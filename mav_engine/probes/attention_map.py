"""`attention_map`: where each head attends from every position, not only from the last one.

Nothing is computed twice: the prefill returns the rows of the prompt, and each step adds the
pattern of its own query.
"""

from __future__ import annotations

import math

import numpy as np

from mav_engine.contract.arrays import Floats
from mav_engine.errors import InvalidSettings
from mav_engine.generation.capture import PrefillResult
from mav_engine.probes.base import Measured, Plan, Probe, StepContext

MAX_MAP_NUMBERS = 2**24
"""Most numbers in one map: 64 MiB in memory, 22 MB on the wire."""


class PatternMap:
    """The attention map of a growing text.

    Args:
        prompt: [n_layers, n_heads, n, n] the map of the prompt.
        length: most positions to store.
    """

    def __init__(self, prompt: Floats, length: int) -> None:
        read = prompt.shape[-1]
        length = max(length, read)
        # The memory of zeros is allocated when it is written to.
        self._rows = np.zeros((*prompt.shape[:2], length, length), dtype=np.float32)
        self._rows[np.isnan(prompt).all(axis=(2, 3))] = np.nan
        self._rows[:, :, :read, :read] = prompt

    def append(self, pattern: Floats) -> None:
        """Store the last query's row [n_layers, n_heads, n_keys], if there is room."""
        keys = pattern.shape[-1]
        if keys <= self._rows.shape[-1]:
            self._rows[:, :, keys - 1, :keys] = pattern

    def so_far(self, n_keys: int) -> Floats:
        """A view [n_layers, n_heads, n_keys, n_keys]; its rows do not change later."""
        return self._rows[:, :, :n_keys, :n_keys]


def is_due(index: int, attn_every: int) -> bool:
    """Whether the token of this index has a map: every `attn_every`-th token does."""
    return attn_every > 0 and (index + 1) % attn_every == 0


def due_maps(new_tokens: int, attn_every: int) -> range:
    """The indices of the tokens with a map, among `new_tokens` tokens."""
    return range(attn_every - 1, new_tokens, attn_every) if attn_every else range(0)


def mapped_length(prompt_tokens: int, new_tokens: int, attn_every: int) -> int:
    """The positions of the largest map of a run; token i is predicted from the i before it."""
    last = new_tokens // attn_every * attn_every - 1 if attn_every else 0
    return prompt_tokens + max(last, 0)


def check(plan: Plan) -> None:
    """Refuse a run whose largest map would exceed `MAX_MAP_NUMBERS`.

    Raises:
        InvalidSettings: the prompt's map (field capture) or a later one (attn_every) would.
    """
    layers, heads = plan.model.layers, plan.model.heads
    if not layers or not heads:
        raise InvalidSettings(
            f"{plan.model.name} does not state its number of layers and heads, so the size of an "
            "attention_map cannot be limited; leave it out of capture.",
            field="capture",
        )
    most = math.isqrt(MAX_MAP_NUMBERS // (layers * heads))
    every = plan.settings.attn_every
    limit = (
        f"An attention_map of {plan.model.name} ({layers} layers, {heads} heads) may cover {most} "
        f"tokens ({MAX_MAP_NUMBERS:,} numbers), but"
    )
    if plan.prompt_tokens > most:
        raise InvalidSettings(
            f"{limit} the prompt has {plan.prompt_tokens}. Shorten it, or capture attention_rows "
            "instead.",
            field="capture",
        )
    length = mapped_length(plan.prompt_tokens, plan.new_tokens, every)
    if length > most:
        raise InvalidSettings(
            f"{limit} with attn_every {every} the last one would cover {length}. Set attn_every to "
            f"0 for the prompt's map alone, or max_new_tokens to {most - plan.prompt_tokens + 1}.",
            field="attn_every",
        )


def measure_prompt(prefill: PrefillResult) -> Measured:
    """[n_layers, n_heads, queries, keys] of the prompt; row q sums to 1 and is 0 beyond key q."""
    return {"attention_map": prefill.pattern}


def measure(context: StepContext) -> Measured:
    """[n_layers, n_heads, n_keys, n_keys] of the text so far, every `attn_every` tokens."""
    due = is_due(context.index, context.settings.attn_every)
    return {"attention_map": context.pattern_map} if due else {}


ATTENTION_MAP = Probe(
    name="attention_map",
    unit="share of attention",
    shape="[n_layers][n_heads][queries][keys]",
    hook_point="pattern, all queries",
    needs=frozenset({"pattern", "full_pattern"}),
    section="token",
    measure=measure,
    measure_prompt=measure_prompt,
    check=check,
)
