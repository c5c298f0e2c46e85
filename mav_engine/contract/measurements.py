"""The parts of a token event, which the probes measure."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import with_config

from mav_engine.contract.arrays import Array
from mav_engine.contract.model_info import SCHEMA


@with_config(SCHEMA)
@dataclass  # without slots orjson writes it three times as fast, and a token has many
class Candidate:
    """A row of `top`: a candidate for the next token."""

    id: int | None
    """Null if the server that runs the model does not give ids."""
    text: str
    logit: float | None
    """The model's logit, before any sampling control; null if it is not known."""
    prob: float
    """The model's probability, before any sampling control."""
    sampled_prob: float | None
    """The probability in the sampled distribution; 0 if a control removed it, null if it is not
    known."""
    cut_by: str | None
    """The control that removed it, or null."""


@with_config(SCHEMA)
@dataclass(slots=True)
class Distribution:
    """The shape of the prediction over the whole vocabulary, before and after the controls."""

    rank_bins: Array
    """Probability mass of the tokens in each rank bin; edges in `start`."""
    entropy: float
    """Entropy in nats of the model's own prediction, before any sampling control."""
    effective_tokens: float
    """exp(entropy): how many equally likely tokens would be as uncertain."""
    kept: int
    """Number of tokens left by the controls."""
    sampled_entropy: float
    """Entropy of the sampled distribution in nats, after all controls; 0 if one token was left."""


@with_config(SCHEMA)
@dataclass(slots=True)
class Layers:
    """Measurements of each layer at the position that predicted this token."""

    resid_norm: Array | None = None
    """[n_layers + 1] size of the residual stream: row 0 is the embedding, the last is before
    the final norm."""
    mlp_norm: Array | None = None
    """[n_layers] size of the output of the MLP block."""
    attn_norm: Array | None = None
    """[n_layers] size of the output of the attention block."""
    attn_entropy: Array | None = None
    """[n_layers][n_heads] entropy (nats) of the last query's attention pattern."""
    attn_entropy_max: float | None = None
    """ln(keys): the highest entropy that a pattern over these keys can have."""


@with_config(SCHEMA)
@dataclass(slots=True)
class LensRow:
    """The prediction from one layer's residual stream, and the rank of the emitted token in it."""

    id: int
    text: str
    prob: float | None
    """Probability of that token by the lens; null where the layer's logits are not finite."""
    rank: int
    """Rank of the emitted token by the lens; 0 is the top."""


@with_config(SCHEMA)
@dataclass(slots=True)
class SamplerStage:
    """The distribution after one sampling control."""

    control: str
    """Its name, as in `cut_by`."""
    setting: float
    """The value of its setting."""
    kept: int
    """Number of tokens left after it."""
    probs: list[float | None]
    """[top_n] probability of each row of `top` after it; null once removed."""
    said: float | None
    """Probability of the emitted token after it, which may not be in `top`."""


@with_config(SCHEMA)
@dataclass(slots=True)
class Timing:
    step_ms: float
    """Milliseconds of the forward pass, hooks included."""
    capture_ms: float
    """Milliseconds of measuring its tensors."""


@with_config(SCHEMA)
@dataclass(slots=True)
class AttentionSources:
    """The positions that attention reads most from one position.

    The first token of the context is apart: heads often put attention there that they do not need.
    Of equal weights the lowest position is first. Weights are rounded to five decimals; in packed
    arrays as their type rounds.
    """

    positions: list[list[int] | None]
    """[n_layers + 1][sources] the positions with the largest weights in the mean over a layer's
    heads, strongest first, at most 4; the last row is of the mean over all heads of all layers.
    Null for a layer without attention."""
    weights: Array
    """[n_layers + 1][1 + sources] weight of that mean on the first token, then on each position."""
    head_positions: list[list[int | None] | None] | None = None
    """[n_layers][n_heads] the position with the head's largest weight; null where there is none.
    Only in token events."""
    head_weights: Array | None = None
    """[n_layers][n_heads][2] weight of the head on the first token, then on its position. More than
    64 numbers are bytes. Only in token events."""


@with_config(SCHEMA)
@dataclass(slots=True)
class PromptColumn:
    """Measurements at one position of the prompt, with the fields and units of token events."""

    position: int
    """Position in the context, from 0."""
    layers: Layers
    """Sizes at this position, where they were captured."""
    attention_sources: AttentionSources | None = None
    """Where each layer attends most from this position; without those of each head."""
    logit_lens: list[LensRow] | None = None
    """[n_layers] prediction of each layer; ranks are those of the prompt's next token."""
