"""Explains one token of a run from its events."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from mav_engine.contract.arrays import Floats, floats
from mav_engine.contract.events import Token
from mav_engine.mcp_server.answers import (
    AnsweredCandidate,
    AttentionSource,
    ExplainedToken,
    LayerSizes,
    LensLayer,
)
from mav_engine.results.result import RunRecord

SHOWN_CANDIDATES = 10
_TEXT_BEFORE = 200
"""Most characters of the text before the token."""

_LENS = (
    "The logit lens reads a layer's residual stream with the final norm and unembedding. That a "
    "token leads there does not prove that this layer computed it."
)
_ATTENTION = (
    "Attention weights say where a layer read, not what it took from there or whether it mattered."
)
_SIZES = "The size of what a block writes says nothing of its direction."


def explained(record: RunRecord) -> ExplainedToken:
    """Explain the last token of a run.

    Args:
        record: a run with a start and at least one token.
    """
    token = record.tokens[-1]
    texts = _texts(record)
    layers, attention, sizes = _lens(token), _attention(token, texts), _sizes(token)
    candidates = [
        AnsweredCandidate(
            text=each.text,
            prob=each.prob,
            sampled_prob=each.sampled_prob or 0.0,
            cut_by=each.cut_by,
        )
        for each in token.top[:SHOWN_CANDIDATES]
    ]
    caveats = [
        caveat
        for caveat, found in ((_LENS, layers), (_ATTENTION, attention), (_SIZES, sizes))
        if found is not None
    ]
    return ExplainedToken(
        index=token.index,
        token=token.token.text,
        text_before="".join(texts[: token.position])[-_TEXT_BEFORE:],
        prob=token.prob,
        rank=token.known.rank,
        entropy=token.known.entropy,
        effective_tokens=token.known.distribution.effective_tokens,
        summary=[
            *_of_prediction(token),
            *_of_sampling(token, record),
            *_of_lens(layers),
            *_of_attention(token, texts),
            *_of_sizes(sizes),
        ],
        candidates=candidates,
        layers=layers,
        attention=attention,
        sizes=sizes,
        does_not_show=caveats,
    )


def _texts(record: RunRecord) -> list[str]:
    """The text of each token, prompt included, by position."""
    prompt = [] if record.prompt is None else [each.text for each in record.prompt.tokens]
    return [*prompt, *(each.token.text for each in record.tokens)]


def _lens(token: Token) -> list[LensLayer] | None:
    if token.logit_lens is None:
        return None
    return [
        LensLayer(layer=layer, text=row.text, prob=row.prob, rank_of_chosen=row.rank)
        for layer, row in enumerate(token.logit_lens)
    ]


def _attention(token: Token, texts: Sequence[str]) -> list[AttentionSource] | None:
    sources = token.attention_sources
    if sources is None:
        return None
    # The last row is the mean over all layers.
    rows = zip(sources.positions[:-1], sources.weights[:-1], strict=True)
    return [
        AttentionSource(layer=layer, position=position, text=texts[position], weight=weight)
        for layer, (positions, weights) in enumerate(rows)
        # The first weight is that of the first token.
        for position, weight in zip(positions or (), floats(weights[1:]), strict=False)
    ]


def _sizes(token: Token) -> list[LayerSizes] | None:
    layers = token.layers
    if layers.resid_norm is None:
        return None
    stream = layers.resid_norm[1:]

    def shares(norms: Floats | None) -> Iterator[float | None]:
        for layer in range(len(stream)):
            norm = math.nan if norms is None else float(norms[layer])
            yield None if math.isnan(norm) or not stream[layer] else norm / float(stream[layer])

    both = zip(shares(layers.attn_norm), shares(layers.mlp_norm), strict=True)
    return [LayerSizes(layer=layer, attention=a, mlp=m) for layer, (a, m) in enumerate(both)]


def _of_prediction(token: Token) -> Iterator[str]:
    chosen, best, known = token.token.text, token.top[0], token.known
    yield (
        f"The model gave {_quoted(chosen)} a probability of {_percent(token.prob)}; "
        + (
            "it was the likeliest token."
            if known.rank == 0
            else f"{known.rank} tokens were likelier, first of them {_quoted(best.text)} with "
            f"{_percent(best.prob)}."
        )
    )
    yield (
        f"The prediction was as uncertain as one among {known.distribution.effective_tokens:.3g} "
        f"equally likely tokens (entropy {known.entropy:.3g} nats)."
    )


def _of_sampling(token: Token, record: RunRecord) -> Iterator[str]:
    if token.forced:
        yield "The token was forced by forced_ids, not chosen."
        return
    settings = None if record.start is None else record.start.settings
    if settings is not None and settings.temperature == 0:
        yield "At temperature 0 the likeliest token that the controls leave is always taken."
        return
    row = next((each for each in token.top if each.id == token.token.id), None)
    if row is not None:
        yield (
            f"After the sampling controls {_quoted(token.token.text)} was drawn with a probability "
            f"of {_percent(row.sampled_prob or 0.0)}, from {token.known.distribution.kept} "
            "remaining tokens."
        )


def _of_lens(layers: Sequence[LensLayer] | None) -> Iterator[str]:
    if not layers:
        return
    last = next((each.layer for each in reversed(layers) if each.rank_of_chosen > 0), None)
    if last is None:
        yield "By the logit lens the token leads from layer 0 on."
    elif last == len(layers) - 1:
        yield "By the logit lens the token does not lead in the last layer."
    else:
        before = layers[last]
        yield (
            f"By the logit lens the token leads from layer {last + 1} of {len(layers) - 1} on; in "
            f"layer {last} the lens still reads {_quoted(before.text)}, and the token has rank "
            f"{before.rank_of_chosen}."
        )


def _of_attention(token: Token, texts: Sequence[str]) -> Iterator[str]:
    sources = token.attention_sources
    # The last row is the mean over all layers.
    if sources is None or not sources.positions[-1]:
        return
    first, strongest = floats(sources.weights[-1][:2])
    position = sources.positions[-1][0]
    where = " itself, the newest token" if position == token.position - 1 else ""
    yield (
        f"On average over all heads, attention gave {_percent(first)} to the first token of the "
        f"text, and of the others most to {_quoted(texts[position])}{where} "
        f"({_percent(strongest)}, position {position})."
    )


def _of_sizes(sizes: Sequence[LayerSizes] | None) -> Iterator[str]:
    parts = [
        (share, name, each.layer)
        for each in sizes or ()
        for name, share in (("attention", each.attention), ("MLP", each.mlp))
        if share is not None
    ]
    if parts:
        share, name, layer = max(parts)
        yield (
            f"The {name} of layer {layer} writes most, measured against the residual stream after "
            f"it: {share:.3g} of its norm."
        )


def _quoted(text: str) -> str:
    return f'"{text}"'


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
