"""The events of a run: what every sink reads, and all that a recording holds.

Order: `Start`, `Queued`*, `Prompt`, `Token`*, then exactly one `Done` or `Error`. No torch and
no I/O here; `to_json` and `from_json` are the one way to the wire and back. A value that does
not exist is None, or NaN inside an array, and null on the wire.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal, cast

import numpy as np
from pydantic import (
    ConfigDict,
    Discriminator,
    TypeAdapter,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    with_config,
)

from mav_engine.contract.arrays import Array, to_wire
from mav_engine.contract.json_lines import json_line
from mav_engine.contract.measurements import (
    Candidate,
    Distribution,
    Layers,
    LensRow,
    SamplerStage,
    Timing,
)
from mav_engine.contract.model_info import SCHEMA, ModelInfo
from mav_engine.settings import RunSettings

__all__ = [
    "EVENTS", "OPTIONAL", "SHARES", "BreakpointHit", "Candidate", "Condition", "Distribution",
    "Done", "Error", "Event", "FinishReason", "Layers", "LensRow", "ModelInfo", "ProbeInfo",
    "Prompt", "PromptToken", "Queued", "SamplerStage", "Start", "Timing", "Token", "TokenRef",
    "from_json", "to_json",
]  # fmt: skip

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
    """Axes of its arrays, by name."""
    hook_point: str
    """The tensor that it reads, in the words of the field."""


@with_config(SCHEMA)
@dataclass(slots=True)
class TokenRef:
    """A token by id, with its own text (`<0xF0>` for a byte that is no whole character)."""

    id: int
    text: str


@with_config(SCHEMA)
@dataclass(slots=True)
class PromptToken:
    """A token of the prompt, and how much the model expected it."""

    id: int
    text: str
    logprob: float | None
    """Log-probability (nats) given the tokens before; null for the first."""
    entropy: float | None
    """Entropy (nats) of the model's prediction at this place; null for the first."""


def _recorded(given: Any, validate: ValidatorFunctionWrapHandler) -> RunSettings:
    """The settings of a run that was recorded, whose pattern another engine may have compiled."""
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
    """The run is accepted; these are its settings as resolved."""

    type: Literal["start"] = field(default="start", kw_only=True)
    v: Literal[1] = field(default=1, kw_only=True)
    """The version of this contract."""
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
    """The run waits for its turn, or for its model to load."""

    type: Literal["queued"] = field(default="queued", kw_only=True)
    position: int
    """How many are served before this run; 0 means that the model is being made ready."""


@with_config(SCHEMA)
@dataclass(slots=True)
class Prompt:
    """The prompt has been read."""

    type: Literal["prompt"] = field(default="prompt", kw_only=True)
    tokens: list[PromptToken]
    prefill_ms: float
    """Milliseconds to read the prompt."""
    written: int = 0
    """How many of the tokens, at their end, an earlier run wrote that this one continues."""
    written_text: str = ""
    """Their text, from which this run's tokens go on; what was an unfinished character or might
    begin a stop string when the run was cut short is not in it: it comes with those tokens."""
    attention_map: Array | None = None
    """[n_layers][n_heads][queries][keys] attention of the whole prompt, with the attention_map
    probe: each query's row sums to 1 over the keys up to its own place, and is 0 beyond."""


@with_config(SCHEMA)
@dataclass(slots=True)
class Token:
    """One more token, and what went on inside the model when it was predicted."""

    type: Literal["token"] = field(default="token", kw_only=True)
    index: int
    """Counts the new tokens from 0; a continued run goes on where it was cut short."""
    position: int
    """Where it stands in the context, prompt included, from 0."""
    token: TokenRef
    forced: bool
    """Whether it was given by `forced_ids` rather than chosen."""
    logprob: float
    """Log-probability (nats) in the raw distribution."""
    rank: int
    """Rank in the raw distribution; 0 is the top."""
    entropy: float
    """Entropy (nats) of the raw distribution."""
    text: str
    """The exact text that this token adds to the output."""
    top: list[Candidate]
    distribution: Distribution
    layers: Layers
    timing: Timing
    attention_rows: Array | None = None
    """[n_layers][n_heads][keys] attention of the last query; each row sums to 1."""
    attention_map: Array | None = None
    """[n_layers][n_heads][queries][keys] attention of all text that the model has read so far,
    prompt included, as in the prompt event; only every attn_every tokens."""
    logit_lens: list[LensRow] | None = None
    """[n_layers] what each layer would say."""
    tiles: Array | None = None
    """[n_layers][height][width] each layer's vector (the setting tile.signal: resid_post,
    mlp_out or attn_out) less its mean, through a fixed projection, in units of that layer's
    usual deviation: so 0 is the layer's mean and 1 a usual size. Mean and deviation are taken
    once, before the first token, over the beginning of the prompt and a calibration text, and
    hold for the whole run. With pca the cells are the components in their order, row by row;
    those beyond the rank of the fit are 0."""
    sampler_stages: list[SamplerStage] | None = None
    """What each sampling control that was active left, in the order in which they stand; empty
    where the model's own prediction was drawn from as it is."""
    extra: dict[str, dict[str, Any] | None] | None = None
    """What probes of plugins measured, by the probe's name: fields of JSON values and packed
    arrays; null where the probe failed, with the reason in notes."""
    notes: dict[str, str] | None = None
    """Why a value in extra is null, by the probe's name."""


@with_config(SCHEMA)
@dataclass(slots=True)
class BreakpointHit:
    """A condition of the setting breakpoints that the run's last token met."""

    condition: Condition
    """Its name in the setting."""
    value: float | None = None
    """What met it: the entropy (nats), the probability, the tokens of the group that loops, or the
    number of new tokens."""
    found: str | None = None
    """The text that was found, of text and pattern."""


@with_config(SCHEMA)
@dataclass(slots=True)
class Done:
    """The run ended as it should."""

    type: Literal["done"] = field(default="done", kw_only=True)
    reason: FinishReason
    text: str
    """All text that this run's tokens added."""
    tokens: int
    """How many tokens this run wrote; those before it was continued do not count."""
    elapsed_ms: float
    """Milliseconds from the start of reading the prompt."""
    tokens_per_second: float | None
    """New tokens a second after the prompt was read; null where there are too few to tell."""
    resume: str | None = None
    """A signed token: as the setting `resume` it continues the run as if it had not been cut short.
    Null where the run is over (end-of-text, stop string, full context) or never began."""
    hits: list[BreakpointHit] = field(default_factory=list)
    """The conditions that stopped it, where the reason is breakpoint. Going on from resume, they
    judge the tokens after this one."""


@with_config(SCHEMA)
@dataclass(slots=True)
class Error:
    """The run ended before its time."""

    type: Literal["error"] = field(default="error", kw_only=True)
    code: str
    """Stable, for programs."""
    title: str
    """Short, for people."""
    detail: str
    """What happened and what to do."""
    field: str | None = None
    """The setting to blame, where there is one."""
    retry_after_s: float | None = None
    """Seconds after which trying again makes sense, where waiting helps."""


Event = Annotated[Start | Queued | Prompt | Token | Done | Error, Discriminator("type")]
EVENTS: TypeAdapter[Event] = TypeAdapter(Event, config=ConfigDict(defer_build=True))

OPTIONAL = {
    Layers: frozenset(each.name for each in fields(Layers)),
    Prompt: frozenset({"attention_map"}),
    Token: frozenset(
        {
            "attention_rows",
            "attention_map",
            "logit_lens",
            "tiles",
            "sampler_stages",
            "extra",
            "notes",
        }
    ),
}
"""Measurements that are left out, rather than null, where nobody asked for them."""
SHARES = frozenset({"attention_rows", "attention_map"})
"""Fields of attention patterns, which travel as bytes where they are large."""


def to_json(event: Event) -> bytes:
    """The event as one JSON object in UTF-8, without a line break."""
    return json_line(_told(event), default=_default)


def from_json(data: bytes | str) -> Event:
    """The event that `to_json` wrote.

    Raises:
        pydantic.ValidationError: it does not fit the contract.
    """
    return EVENTS.validate_json(data)


def _told(value: Any) -> Any:
    """A dataclass without the measurements that nobody asked for; orjson itself takes others."""
    optional = OPTIONAL.get(type(value))
    if optional is None:
        return value
    told: dict[str, Any] = {}
    for name in value.__dataclass_fields__:
        item = getattr(value, name)
        if item is None and name in optional:
            continue
        shares = name in SHARES and item is not None
        told[name] = to_wire(item, shares=True) if shares else _told(item)
    return told


def _default(value: Any) -> Any:
    return to_wire(value) if isinstance(value, np.ndarray) else value.model_dump(mode="json")
