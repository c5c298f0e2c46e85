"""What two runs have in common, and the divergence of one token of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mav_engine.compare.divergence import cosine, kl_divergence, relative_distance
from mav_engine.compare.events import Common, Divergence
from mav_engine.compare.settings import Mode
from mav_engine.contract.arrays import Floats
from mav_engine.errors import InvalidSettings
from mav_engine.generation.prediction import Prediction
from mav_engine.running.prepare import PreparedRun

if TYPE_CHECKING:
    from mav_engine.generation.loop import Generated


@dataclass(frozen=True, slots=True)
class TokenState:
    """What is compared of one token of one run."""

    token_id: int
    prediction: Prediction
    resid: Floats | None
    """[n_layers + 1, d_model]"""

    @classmethod
    def of(cls, generated: Generated) -> TokenState:
        """Of a token that was just generated."""
        step = generated.step
        # A copy: the step's array is a view of the outputs of all runs of the pass.
        resid = None if step.resid is None else step.resid.copy()
        return cls(generated.choice.token_id, generated.prediction, resid)


def common_of(mode: Mode, a: PreparedRun, b: PreparedRun) -> Common:
    """Which figures of two runs can be compared, and why the others cannot."""
    return Common(mode=mode, kl_absent=_kl_absent(a, b), layers_absent=_layers_absent(a, b))


def check_same_tokens(a: PreparedRun, b: PreparedRun) -> None:
    """Refuse to force the text of one model on a model with other tokens.

    Raises:
        InvalidSettings: the vocabularies differ (field "mode").
    """
    why = _kl_absent(a, b)
    if why is not None:
        raise InvalidSettings(
            f"b cannot be forced to a's text: {why} Use the mode own.", field="mode"
        )


def divergence_at(
    index: int, a: TokenState, b: TokenState, common: Common, *, same_text: bool
) -> Divergence:
    """The divergence of one token of both runs."""
    figures: dict[str, object] = dict.fromkeys(_OF_PREDICTIONS)
    if common.kl_absent is None:
        figures = {
            "kl": kl_divergence(a.prediction, b.prediction),
            "kl_reverse": kl_divergence(b.prediction, a.prediction),
            "rank": b.prediction.rank(a.token_id),
            "rank_reverse": a.prediction.rank(b.token_id),
            "logprob": b.prediction.logprob(a.token_id),
            "same_top": bool(a.prediction.logits.argmax() == b.prediction.logits.argmax()),
        }
    distance = angle = None
    if common.layers_absent is None and a.resid is not None and b.resid is not None:
        distance, angle = relative_distance(a.resid, b.resid), cosine(a.resid, b.resid)
    return Divergence(
        index=index,
        same_text=same_text,
        resid_distance=distance,
        resid_cosine=angle,
        **figures,  # type: ignore[arg-type]
    )


_OF_PREDICTIONS = ("kl", "kl_reverse", "rank", "rank_reverse", "logprob", "same_top")


def _kl_absent(a: PreparedRun, b: PreparedRun) -> str | None:
    one, other = a.backend, b.backend
    if one is other:
        return None
    if one.info.vocabulary != other.info.vocabulary:
        return (
            f"{one.info.name} has {one.info.vocabulary} tokens and {other.info.name} "
            f"{other.info.vocabulary}, so their predictions cannot be compared."
        )
    if one.vocabulary.digest != other.vocabulary.digest:
        return (
            f"{one.info.name} and {other.info.name} have different tokens, so their predictions "
            "cannot be compared."
        )
    return None


def _layers_absent(a: PreparedRun, b: PreparedRun) -> str | None:
    for side, run in (("a", a), ("b", b)):
        points = {point for probe in run.probes for point in probe.points(run.settings)}
        if "resid" not in points:
            return f"{side} does not capture the residual stream: add residual to its capture."
    shapes = [(run.backend.info.layers, run.backend.info.d_model) for run in (a, b)]
    if shapes[0] != shapes[1]:
        sizes = " and ".join(f"{layers} layers of {width} numbers" for layers, width in shapes)
        return f"The models have {sizes}, so their residual streams cannot be compared."
    return None
