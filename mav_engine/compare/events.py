"""What a comparison tells: the events of both runs, and how far apart they are at each token.

Order: the `side` events of each run stand in that run's order, those of the two in any;
`common` before the first `divergence`, each of which stands in the order of the tokens and after
both of its own; then `compared`, or `error` where a run broke off.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Discriminator, TypeAdapter, with_config

from mav_engine.compare.settings import Mode, Side
from mav_engine.contract.arrays import Array, to_wire
from mav_engine.contract.events import Error, Event, to_json
from mav_engine.contract.json_lines import json_line
from mav_engine.contract.model_info import SCHEMA


@with_config(SCHEMA)
@dataclass(slots=True)
class SideEvent:
    """An event of one of the two runs, as that run alone would tell it."""

    type: Literal["side"] = field(default="side", kw_only=True)
    side: Side
    event: Event


@with_config(SCHEMA)
@dataclass(slots=True)
class Common:
    """What of the two runs can be compared; told once, before the first divergence."""

    type: Literal["common"] = field(default="common", kw_only=True)
    mode: Mode
    kl_absent: str | None
    """Why there is no divergence of the predictions; null where there is."""
    layers_absent: str | None
    """Why there is no difference of the layers; null where there is."""


@with_config(SCHEMA)
@dataclass(slots=True)
class Divergence:
    """How far apart the two runs are at one token.

    Predictions are the models' own, the softmax of all raw logits before any sampling control,
    and logarithms are natural: so divergences are in nats.
    """

    type: Literal["divergence"] = field(default="divergence", kw_only=True)
    index: int
    """The token's, counted from 0 in both runs."""
    same_text: bool
    """Whether both had written the same tokens before this one. Where not, the figures below are
    those of predictions after different texts."""
    kl: float | None
    """KL(a‖b) = sum over the vocabulary of p_a (ln p_a - ln p_b): what is lost where b stands for
    a. 0 where they agree; null where it does not exist."""
    kl_reverse: float | None
    """KL(b‖a)."""
    rank: int | None
    """Rank of a's token in b's prediction; 0 is the top."""
    rank_reverse: int | None
    """Rank of b's token in a's prediction."""
    logprob: float | None
    """Log-probability of a's token in b's prediction."""
    same_top: bool | None
    """Whether both find the same token likeliest."""
    resid_distance: Array | None
    """[n_layers + 1] L2 length of the difference between both residual streams, as a share of
    a's length; rows as in resid_norm."""
    resid_cosine: Array | None
    """[n_layers + 1] cosine of the angle between both residual streams."""


@with_config(SCHEMA)
@dataclass(slots=True)
class Compared:
    """Both runs have ended as they should."""

    type: Literal["compared"] = field(default="compared", kw_only=True)
    steps: int
    """Tokens that both wrote."""
    mean_kl: float | None
    """Mean of `kl` over the tokens with the same text before them; null where there is none."""
    max_kl: float | None
    same_top: float | None
    """Share of those tokens at which both find the same token likeliest, 0 to 1."""
    parted_at: int | None
    """Index of the first token that differs; null where none does."""


CompareEvent = Annotated[SideEvent | Common | Divergence | Compared | Error, Discriminator("type")]
COMPARE_EVENTS: TypeAdapter[CompareEvent] = TypeAdapter(
    CompareEvent, config=ConfigDict(defer_build=True)
)


def compare_to_json(event: CompareEvent) -> bytes:
    """The event as one JSON object in UTF-8, without a line break."""
    if isinstance(event, SideEvent):
        return b'{"type":"side","side":"%b","event":%b}' % (
            event.side.encode(),
            to_json(event.event),
        )
    if isinstance(event, Error):
        return to_json(event)
    told: dict[str, Any] = {each.name: getattr(event, each.name) for each in fields(event)}
    return json_line(told, default=to_wire)
