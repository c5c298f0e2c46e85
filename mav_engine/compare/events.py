"""The events of a comparison: those of both runs, and the divergence of each token.

Order: the `side` events of one run are in order; those of the two runs may be mixed. `common` comes
before the first `divergence`. Divergences are in the order of the tokens, each after the `token`
events of both runs. The last event is `compared`, or `error` where a run failed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal

from pydantic import Discriminator, with_config

from mav_engine.compare.settings import Mode, Side
from mav_engine.contract.arrays import Array, to_wire
from mav_engine.contract.deferred import Deferred
from mav_engine.contract.events import Error, Event, to_json
from mav_engine.contract.json_lines import json_line
from mav_engine.contract.model_info import SCHEMA


@with_config(SCHEMA)
@dataclass(slots=True)
class SideEvent:
    """An event of one of the two runs, as that run alone would send it."""

    type: Literal["side"] = field(default="side", kw_only=True)
    side: Side
    event: Event


@with_config(SCHEMA)
@dataclass(slots=True)
class Common:
    """Which figures of the two runs can be compared; sent once, before the first divergence."""

    type: Literal["common"] = field(default="common", kw_only=True)
    mode: Mode
    kl_absent: str | None
    """Why the predictions cannot be compared; null where they can."""
    layers_absent: str | None
    """Why the layers cannot be compared; null where they can."""


@with_config(SCHEMA)
@dataclass(slots=True)
class Divergence:
    """How far apart the two runs are at one token.

    Predictions are the models' own, the softmax of all raw logits before any sampling control,
    and logarithms are natural: so divergences are in nats.
    """

    type: Literal["divergence"] = field(default="divergence", kw_only=True)
    index: int
    """The index of the token in both runs, from 0."""
    same_text: bool
    """Whether both runs have the same tokens before this one. Where not, the figures below compare
    predictions after different texts."""
    kl: float | None
    """KL(a‖b) = sum over the vocabulary of p_a (ln p_a - ln p_b), in nats. 0 for equal predictions;
    null where it is infinite or the predictions cannot be compared."""
    kl_reverse: float | None
    """KL(b‖a)."""
    rank: int | None
    """Rank of a's token in b's prediction; 0 is the top."""
    rank_reverse: int | None
    """Rank of b's token in a's prediction."""
    logprob: float | None
    """Log-probability of a's token in b's prediction."""
    same_top: bool | None
    """Whether the most likely token is the same."""
    resid_distance: Array | None
    """[n_layers + 1] L2 norm of the difference of both residual streams, as a share of a's norm;
    rows as in resid_norm."""
    resid_cosine: Array | None
    """[n_layers + 1] cosine of the angle between both residual streams."""


@with_config(SCHEMA)
@dataclass(slots=True)
class Compared:
    """Both runs have ended without an error."""

    type: Literal["compared"] = field(default="compared", kw_only=True)
    steps: int
    """Number of tokens that both runs have."""
    mean_kl: float | None
    """Mean of `kl` over the tokens with the same text before them; null without such tokens."""
    max_kl: float | None
    same_top: float | None
    """Share of those tokens with the same most likely token, 0 to 1."""
    parted_at: int | None
    """Index of the first different token; null where there is none."""


CompareEvent = Annotated[SideEvent | Common | Divergence | Compared | Error, Discriminator("type")]
COMPARE_EVENTS: Deferred[CompareEvent] = Deferred(CompareEvent)


def compare_to_json(event: CompareEvent) -> bytes:
    """The event as one JSON object in UTF-8, without a line break."""
    if isinstance(event, SideEvent):
        return b'{"type":"side","side":"%b","event":%b}' % (
            event.side.encode(),
            to_json(event.event),
        )
    if isinstance(event, Error):
        return to_json(event)
    values: dict[str, Any] = {each.name: getattr(event, each.name) for each in fields(event)}
    return json_line(values, default=to_wire)
