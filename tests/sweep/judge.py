"""Run a model through the engine, compare every number with the oracle, and write its row."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from transformers import GenerationConfig

from mav_engine import RunSettings, run
from mav_engine.contract.events import Done, Error, Prompt, Token
from tests.sweep.models import Pair, Unbuildable, build
from tests.sweep.notes import NOT_BUILT, notes_of
from tests.sweep.oracle import Oracle
from tests.sweep.places import places_of
from tests.sweep.sizes import SPECIAL

PROMPT = "A tall tree"
NEW_TOKENS = 9
_CLOSE = {"rtol": 1e-4, "atol": 1e-5}
ALL, NONE = "yes", "–"


@dataclass
class Row:
    """What one model type gave: `yes`, `2 of 3` layers, or – for null."""

    model_type: str
    streams: str = NONE
    residual: str = NONE
    mlp: str = NONE
    attention: str = NONE
    pattern: str = NONE
    lens: str = NONE
    notes: str = ""
    wrong: list[str] = field(default_factory=list)
    """Numbers that were given and are not true; must be empty."""

    def line(self) -> str:
        cells = [f"`{self.model_type}`", self.streams, self.residual, self.mlp]
        cells += [self.attention, self.pattern, self.lens, self.notes]
        return f"| {' | '.join(cells)} |"


def judge(model_type: str) -> Row:
    """The row of a type."""
    row = Row(model_type)
    try:
        pair = build(model_type)
    except Unbuildable as error:
        row.streams, row.notes = "not built", NOT_BUILT.get(model_type, str(error))
        return row
    try:
        _Comparison(pair, row).make()
    finally:
        pair.backend.close()
    row.notes = notes_of(pair) or row.notes
    return row


class _Comparison:
    def __init__(self, pair: Pair, row: Row) -> None:
        self._pair, self._row = pair, row
        self._prompt = pair.tokenizer(PROMPT)["input_ids"]

    def make(self) -> None:
        events = self._events()
        last = events[-1]
        if isinstance(last, Error):
            self._row.notes = f"does not run: {last.detail}"
            return
        assert isinstance(last, Done)
        tokens = [event for event in events if isinstance(event, Token)]
        ids = [token.token.id for token in tokens]
        expected = self._generated()
        self._row.streams = ALL
        if expected != ids and not self._pair.backend._layout.cache_strategy.cached:
            expected = self._generated(use_cache=False)
        if isinstance(expected, str):
            # What remains to compare with is greedy decoding by plain forward passes.
            self._row.notes, expected = expected, ids
        self._check("ids", ids == expected)
        text = self._pair.tokenizer.decode(expected, skip_special_tokens=True)
        self._check("text", last.text == text and "".join(t.text for t in tokens) == text)
        places = places_of(self._pair.model_type)
        layout = self._pair.backend._layout
        self._shares: dict[str, set[str]] = defaultdict(set)
        for token in tokens:
            context = self._prompt + ids[: token.index]
            oracle = Oracle(self._pair.reference, context, places, layout.cache_strategy.prepared)
            if token.index == 0:
                self._compare_prompt(events[1], oracle)
            self._compare_prediction(token, oracle)
            self._compare_norms(token, oracle)
            self._compare_patterns(token, oracle, len(context))
            if token.index in (0, len(tokens) - 1):
                self._compare_lens(token, oracle)
        for name, shares in self._shares.items():
            self._check(f"{name} differs between tokens", len(shares) == 1)
            setattr(self._row, name, shares.pop())

    def _events(self) -> list[Any]:
        given = self._pair.backend.info.capabilities
        wanted = ["predictions", "distribution", "residual", "mlp", "attention_entropy"]
        more = ("attention_rows", "attention_sources", "logit_lens")
        wanted += [name for name in more if name in given]
        settings = RunSettings(prompt=PROMPT, max_new_tokens=NEW_TOKENS, capture=wanted)
        return list(run(settings, backend=self._pair.backend))

    def _generated(self, **options: Any) -> list[int] | str:
        ids = torch.tensor([self._prompt])
        config = GenerationConfig(
            do_sample=False,
            max_new_tokens=NEW_TOKENS,
            eos_token_id=SPECIAL["eos_token_id"],
            pad_token_id=SPECIAL["pad_token_id"],
            **options,
        )
        try:
            written = self._pair.reference.generate(
                ids, attention_mask=torch.ones_like(ids), generation_config=config
            )
        except Exception as error:
            return f"`generate()` itself fails: {type(error).__name__}: {str(error)[:120]}"
        return list(written[0, ids.shape[1] :].tolist())

    def _check(self, what: str, holds: bool) -> None:
        if not holds and what not in self._row.wrong:
            self._row.wrong.append(what)

    def _close(self, what: str, ours: Any, truth: Any) -> None:
        ours, truth = np.asarray(ours, dtype=np.float64), np.asarray(truth, dtype=np.float64)
        self._check(what, ours.shape == truth.shape and np.allclose(ours, truth, **_CLOSE))

    def _compare_prompt(self, prompt: Prompt, oracle: Oracle) -> None:
        logprobs = oracle.all_logits.log_softmax(-1)
        for at, token in enumerate(prompt.tokens[1:]):
            if token.logprob is not None:
                self._close("prompt", token.logprob, logprobs[at, token.id])
                entropy = torch.special.entr(logprobs[at].exp()).sum()
                self._close("prompt", token.entropy, entropy)

    def _compare_prediction(self, token: Token, oracle: Oracle) -> None:
        ids = [row.id for row in token.top]
        self._close("logits", [row.logit for row in token.top], oracle.logits[ids])
        self._check("logits", token.top[0].id == int(oracle.logits.argmax()))
        self._close("entropy", token.entropy, _entropy(oracle.logits.softmax(-1)))

    def _compare_norms(self, token: Token, oracle: Oracle) -> None:
        layers = token.layers
        for name, norms, truths in (
            ("residual", layers.resid_norm, oracle.resid),
            ("mlp", layers.mlp_norm, oracle.mlp_out),
            ("attention", layers.attn_norm, oracle.attn_out),
        ):
            if norms is None:
                continue
            measured = np.asarray(norms, dtype=np.float64)
            given = ~np.isnan(measured)
            for layer in np.flatnonzero(given):
                truth = truths[layer] if layer < len(truths) else None
                if truth is None:
                    self._check(f"{name} {layer} has no truth", False)
                else:
                    self._close(name, measured[layer], truth.norm())
            self._shares[name].add(_share(given))

    def _compare_patterns(self, token: Token, oracle: Oracle, n_keys: int) -> None:
        if token.layers.attn_entropy is None or token.attention_rows is None:
            return
        self._close("pattern", token.layers.attn_entropy_max, math.log(n_keys))
        entropies = np.asarray(token.layers.attn_entropy, dtype=np.float64)
        rows = np.asarray(token.attention_rows, dtype=np.float64)
        given = ~np.isnan(entropies).all(axis=1)
        for layer in np.flatnonzero(given):
            truth = oracle.patterns[layer] if layer < len(oracle.patterns) else None
            if truth is None:
                self._check(f"pattern {layer} has no truth", False)
                continue
            heads = len(truth)
            self._close("pattern", rows[layer, :heads], truth)
            self._close("pattern", entropies[layer, :heads], _entropy(truth))
            self._check("pattern", bool(np.isnan(entropies[layer, heads:]).all()))
            self._compare_sources(token, layer, np.asarray(truth, np.float64))
        self._shares["pattern"].add(_share(given))

    def _compare_sources(self, token: Token, layer: int, truth: np.ndarray) -> None:
        """The strongest sources of one layer and of its heads [heads, keys]."""
        found = token.attention_sources
        self._check("sources", found is not None)
        if found is None or found.head_positions is None or truth.shape[-1] == 1:
            return
        mean, positions = truth.mean(axis=0), found.positions[layer] or []
        order = np.sort(mean[1:])[::-1][:4]
        self._close("sources", found.weights[layer], [mean[0], *order])
        self._close("sources", mean[positions], order)
        heads = np.arange(len(truth))
        of_heads = (found.head_positions[layer] or [])[: len(truth)]
        first_and_most = np.stack([truth[:, 0], truth[:, 1:].max(axis=-1)], axis=-1)
        self._close("sources", found.head_weights[layer, heads], first_and_most)
        self._close("sources", truth[heads, of_heads], first_and_most[:, 1])

    def _compare_lens(self, token: Token, oracle: Oracle) -> None:
        for layer, row in enumerate(token.logit_lens or []):
            logits = oracle.lens(layer)
            self._check("lens", row.id == int(logits.argmax()))
            self._close("lens", row.prob, logits.softmax(-1).max())
            self._check("lens", row.rank == int((logits > logits[token.token.id]).sum()))
            self._shares["lens"].add(ALL)


def _entropy(probs: torch.Tensor) -> torch.Tensor:
    return torch.special.entr(probs).sum(-1)


def _share(given: np.ndarray) -> str:
    count = int(given.sum())
    if count == 0:
        return NONE
    return ALL if count == len(given) else f"{count} of {len(given)}"
