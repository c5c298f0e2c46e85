"""The events of a run, which clients receive and recordings store.

Order: `Start`, `Queued`*, `Prompt`, `Token`*, then exactly one `Done` or `Error`. No torch and
no I/O here; `to_json` and `from_json` encode and decode events. A missing value is None, or NaN in
an array, and null on the wire.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal, cast

import numpy as np
import orjson
from pydantic import (
    Discriminator,
    Field,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    with_config,
)

from mav_engine.contract.arrays import MAX_HALF_SHARES, MAX_PLAIN, Array, to_wire
from mav_engine.contract.deferred import Deferred
from mav_engine.contract.json_lines import json_line
from mav_engine.contract.measurements import (
    AttentionSources,
    Candidate,
    Distribution,
    Layers,
    LensRow,
    PromptColumn,
    SamplerStage,
    Timing,
)
from mav_engine.contract.model_info import SCHEMA, ModelInfo
from mav_engine.settings import RunSettings

__all__ = [
    "EVENTS", "OPTIONAL", "SHARES", "AttentionSources", "BreakpointHit", "Candidate", "Condition",
    "Distribution", "Done", "Error", "Event", "FinishReason", "Layers", "LensRow", "ModelInfo",
    "ProbeInfo", "Prompt", "PromptColumn", "PromptToken", "Queued", "SamplerStage", "Start",
    "Timing", "Token", "TokenRef", "from_json", "to_json",
]  # fmt: skip

LogProb = Annotated[float | None, "in nats"]
FinishReason = Literal["eos", "length", "stop", "cancelled", "deadline", "breakpoint"]
Condition = Literal["entropy_above", "probability_below", "text", "pattern", "loop", "after"]


@with_config(SCHEMA)
@dataclass(slots=True)
class ProbeInfo:
    """What a captured probe measures."""

    name: str
    unit: str
    """The unit of its numbers."""
    shape: str
    """Names of the axes of its arrays."""
    hook_point: str
    """The tensor it measures, by its usual name."""


@with_config(SCHEMA)
@dataclass(slots=True)
class TokenRef:
    """A token by id, with its own text (`<0xF0>` for an incomplete character)."""

    id: int | None
    """Null if the server that runs the model does not give ids."""
    text: str


@with_config(SCHEMA)
@dataclass(slots=True)
class PromptToken:
    """A token of the prompt, with its log-probability and entropy."""

    id: int
    text: str
    logprob: float | None
    """Log-probability (nats) given the tokens before; null for the first, and for a token that the
    model rules out."""
    entropy: float | None
    """Entropy (nats) of the model's prediction of this token; null for the first."""


def _recorded(given: Any, validate: ValidatorFunctionWrapHandler) -> RunSettings:
    """Settings of a recorded run; its pattern may have been valid for another regex engine."""
    match given:
        case {"breakpoints": {"pattern": str(pattern)} as breakpoints}:
            harmless = {**breakpoints, "pattern": "." * len(pattern)}
            settings: RunSettings = validate({**given, "breakpoints": harmless})
            asked = settings.breakpoints.model_copy(update={"pattern": pattern})
            return settings.model_copy(update={"breakpoints": asked})
        case _:
            return cast(RunSettings, validate(given))


@with_config(SCHEMA)
@dataclass(slots=True)
class Start:
    """The run has been accepted, with these resolved settings."""

    type: Literal["start"] = field(default="start", kw_only=True)
    v: Literal[1] = field(default=1, kw_only=True)
    """The version of the contract."""
    run_id: str
    model: ModelInfo
    settings: Annotated[RunSettings, WrapValidator(_recorded)]
    probes: list[ProbeInfo]
    rank_bin_edges: list[int]
    """Edges of `distribution.rank_bins`: bin i holds ranks from edge i up to, not including,
    edge i + 1."""


@with_config(SCHEMA)
@dataclass(slots=True)
class Queued:
    """The run waits in the queue, or for its model to load."""

    type: Literal["queued"] = field(default="queued", kw_only=True)
    position: int
    """Number of runs before this one; 0 means that the model is being loaded."""


@with_config(SCHEMA)
@dataclass(slots=True)
class Prompt:
    """The prompt has been computed."""

    type: Literal["prompt"] = field(default="prompt", kw_only=True)
    tokens: list[PromptToken]
    prefill_ms: float
    """Milliseconds of the prefill."""
    written: int = 0
    """Number of tokens at the end that an earlier part of a resumed run wrote."""
    written_text: str = ""
    """The text of those tokens, which this run continues. An incomplete character or a possible
    beginning of a stop string at its end is part of the next tokens instead."""
    attention_map: Array | None = None
    """[n_layers][n_heads][queries][keys] attention of the whole prompt, with the attention_map
    probe: each query's row sums to 1 over the keys up to its own position, and is 0 beyond."""
    columns: list[PromptColumn] | None = None
    """With the attention_sources probe: what was measured at the last 64 positions before the last
    one, which the first token event describes; fewer of a large model with a long prompt. Oldest
    first."""


@dataclass(frozen=True, slots=True)
class KnownPrediction:
    """The figures of a prediction of which the whole distribution is known."""

    logprob: float
    rank: int
    entropy: float
    distribution: Distribution


@with_config(SCHEMA)
@dataclass(slots=True)
class Token:
    """One new token, with measurements of the step that predicted it."""

    type: Literal["token"] = field(default="token", kw_only=True)
    index: int
    """Index of the new token, from 0; a resumed run continues counting."""
    position: int
    """Position in the context, prompt included, from 0."""
    token: TokenRef
    forced: bool
    """Whether it comes from `forced_ids` instead of being chosen."""
    logprob: LogProb
    """Log-probability (nats) in the raw distribution; null for a token that the model rules out,
    and, where rank is null too, if it is not known."""
    rank: int | None
    """Rank in the raw distribution; 0 is the top. Null if it is not known."""
    entropy: float | None
    """Entropy (nats) of the raw distribution; null if it is not known."""
    text: str
    """The exact text that this token adds to the output."""
    top: list[Candidate]
    """The likeliest tokens; empty if they are not known."""
    distribution: Distribution | None
    """Null if the probabilities of the whole vocabulary are not known."""
    layers: Layers
    timing: Timing
    attention_rows: Array | None = None
    """[n_layers][n_heads][keys] attention of the last query; each row sums to 1."""
    attention_sources: AttentionSources | None = None
    """Where each layer and each head attends most from the last query."""
    attention_map: Array | None = None
    """[n_layers][n_heads][queries][keys] attention over the whole text so far, prompt included,
    as in the prompt event; only every attn_every tokens."""
    logit_lens: list[LensRow] | None = None
    """[n_layers] prediction of each layer."""
    tiles: Array | None = None
    """[n_layers][height][width] each layer's vector (by tile.signal: resid_post, mlp_out or
    attn_out) minus its mean, through a fixed projection, in units of that layer's standard
    deviation. Mean and deviation are computed once, before the first token, over the beginning of
    the prompt and a calibration text. With pca the cells are the components in order, row by row;
    those beyond the rank of the fit are 0."""
    sampler_stages: list[SamplerStage] | None = None
    """The distribution after each active sampling control, in order; empty if no control was
    active."""
    extra: dict[str, dict[str, Any] | None] | None = None
    """Fields of plugin probes, by probe name: JSON values and packed arrays; null if the probe
    failed, with the reason in notes."""
    notes: dict[str, str] | None = None
    """Why a value in extra, or a measurement of a chat server, is null, by the probe's name."""
    entropy_bound: float | None = None
    """Lower bound of the entropy (nats), if only the likeliest tokens are known: the entropy of
    those in top, with all others counted as one token. The entropy itself is at least this."""

    def __post_init__(self) -> None:
        # JSON has no infinity. A token that the model rules out has a rank.
        if self.logprob is None and self.rank is not None:
            self.logprob = -math.inf

    @property
    def known(self) -> KnownPrediction:
        """The figures of the whole distribution, of a model that MAV itself runs.

        Raises:
            ValueError: a chat server runs the model, so they are not known.
        """
        logprob, rank, entropy = self.logprob, self.rank, self.entropy
        if logprob is None or rank is None or entropy is None or self.distribution is None:
            raise ValueError("a chat server does not give the whole distribution")
        return KnownPrediction(logprob, rank, entropy, self.distribution)

    @property
    def prob(self) -> float:
        """Probability in the raw distribution; NaN if it is not known."""
        return math.nan if self.logprob is None else math.exp(self.logprob)


@with_config(SCHEMA)
@dataclass(slots=True)
class BreakpointHit:
    """A condition of `breakpoints` that the last token met."""

    condition: Condition
    """Its name in the setting."""
    value: float | None = None
    """The value that met it: the entropy (nats), the probability, the length of the loop in tokens,
    or the number of new tokens."""
    found: str | None = None
    """The matched text, for the conditions text and pattern."""


@with_config(SCHEMA)
@dataclass(slots=True)
class Done:
    """The run has ended without an error."""

    type: Literal["done"] = field(default="done", kw_only=True)
    reason: FinishReason
    text: str
    """The whole text of this run's tokens."""
    tokens: int
    """Number of tokens of this run; those before a resume do not count."""
    elapsed_ms: float
    """Milliseconds since the start of the prefill."""
    tokens_per_second: float | None
    """New tokens per second after the prefill; null if there are too few."""
    resume: str | None = None
    """A signed token for the setting `resume`, which continues the run exactly. Null if the run has
    finished (end-of-text, stop string, full context) or never started."""
    hits: Annotated[list[BreakpointHit], Field(json_schema_extra={"default": []})] = field(
        default_factory=list
    )
    """The conditions that stopped the run, if the reason is breakpoint. A resumed run checks only
    the tokens after this one."""


@with_config(SCHEMA)
@dataclass(slots=True)
class Error:
    """The run has ended with an error."""

    type: Literal["error"] = field(default="error", kw_only=True)
    code: str
    """Stable code for programs."""
    title: str
    """Short description for people."""
    detail: str
    """What happened and what to do."""
    field: str | None = None
    """The invalid setting, if there is one."""
    retry_after_s: float | None = None
    """Seconds after which to retry, if waiting helps."""


Event = Annotated[Start | Queued | Prompt | Token | Done | Error, Discriminator("type")]
EVENTS: Deferred[Event] = Deferred(Event)

OPTIONAL = {
    Layers: frozenset(each.name for each in fields(Layers)),
    Prompt: frozenset({"attention_map", "columns"}),
    PromptColumn: frozenset({"attention_sources", "logit_lens"}),
    Token: frozenset(
        {
            "attention_rows",
            "attention_sources",
            "attention_map",
            "logit_lens",
            "tiles",
            "sampler_stages",
            "extra",
            "notes",
            "entropy_bound",
        }
    ),
    AttentionSources: frozenset({"head_positions", "head_weights"}),
}
"""Measurements that are omitted, rather than null, if they were not captured."""
SHARES = {
    "attention_rows": MAX_HALF_SHARES,
    "attention_map": MAX_HALF_SHARES,
    "head_weights": MAX_PLAIN,
}
"""Fields of attention weights, and above how many numbers they are encoded as bytes."""


def to_json(event: Event) -> bytes:
    """The event as one JSON object in UTF-8, without a line break."""
    # Arrays of a plugin may be anywhere in its fields, so `_default` finds them.
    from_plugin = type(event) is Token and event.extra is not None
    option = None if from_plugin else orjson.OPT_SERIALIZE_NUMPY
    return json_line(_encodable(event), default=_default, option=option)


def from_json(data: bytes | str) -> Event:
    """The event that `to_json` wrote.

    Raises:
        pydantic.ValidationError: it does not fit the contract.
    """
    return EVENTS.adapter.validate_json(data)


_WITH_ARRAYS = (Token, Prompt, PromptColumn, Layers, Distribution, AttentionSources)
_FIELDS = {
    kind: [
        (each.name, each.name in OPTIONAL.get(kind, ()), SHARES.get(each.name, math.inf))
        for each in fields(kind)
    ]
    for kind in _WITH_ARRAYS
}
"""Of the dataclasses that may hold arrays the name of each field, whether it is omitted if it was
not captured, and above how many numbers it is encoded as bytes."""


def _encodable(value: Any, bytes_above: float = math.inf) -> Any:
    """The value without measurements that were not captured, and with arrays as the contract has
    them; orjson encodes everything else."""
    kind = type(value)
    if kind is np.ndarray:
        # orjson encodes a vector of numbers in C order as `to_wire` does, in less time.
        as_it_is = value.ndim == 1 and value.size <= MAX_PLAIN and value.flags.c_contiguous
        return value if as_it_is else to_wire(value, bytes_above=bytes_above)
    if kind in _FIELDS:
        encodable = {}
        for name, is_optional, above in _FIELDS[kind]:
            item = getattr(value, name)
            if type(item) in _CONTAINERS:
                item = _encodable(item, above)
            if item is not None or not is_optional:
                encodable[name] = item
        return encodable
    if kind is list and value and type(value[0]) in _FIELDS:
        return [_encodable(item) for item in value]
    return value


_CONTAINERS = frozenset({np.ndarray, list, *_WITH_ARRAYS})
"""Types of values that `_encodable` may change."""


def _default(value: Any) -> Any:
    return to_wire(value) if isinstance(value, np.ndarray) else value.model_dump(mode="json")
