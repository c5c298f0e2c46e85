"""What the tools answer. Docstrings become the descriptions in the tools' output schemas."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """Part of an answer."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class WrittenToken(Answer):
    """One new token."""

    index: int
    """Its number, from 0; explain_token takes it."""
    text: str
    prob: float
    """The model's probability of this token, 0 to 1, before any sampling control."""
    rank: int
    """Its rank among all tokens by the model's logits; 0 is the likeliest."""
    entropy: float
    """Entropy of the model's prediction in nats: 0 is certain."""


class RunAnswer(Answer):
    """What a model wrote, and how sure it was of each token."""

    model: str
    seed: int
    """The same settings with this seed write the same tokens."""
    text: str
    """The new text, without the prompt."""
    ended_by: str
    """Why the run ended: eos, length, stop, cancelled, deadline or breakpoint."""
    least_certain: list[int]
    """Numbers of the tokens with the highest entropy, at most 5, highest first."""
    tokens: list[WrittenToken]


class AnsweredCandidate(Answer):
    """A token that the model considered."""

    text: str
    prob: float
    """The model's probability, before any sampling control."""
    sampled_prob: float
    """The probability with which it was drawn, after all sampling controls; 0 if one removed it."""
    cut_by: str | None
    """The sampling control that removed it, or null."""


class LensLayer(Answer):
    """What one layer would predict if the model ended there (logit lens)."""

    layer: int
    """From 0."""
    text: str
    """Its likeliest token."""
    prob: float | None
    """That token's probability."""
    rank_of_chosen: int
    """Rank of the token that was written; 0 is the top."""


class AttentionSource(Answer):
    """An earlier token that one layer attended to."""

    layer: int
    position: int
    """In the whole text, from 0."""
    text: str
    weight: float
    """Share of the layer's attention, the mean over its heads, 0 to 1."""


class LayerSizes(Answer):
    """L2 norms of what one layer's parts write, as a share of the residual stream after it."""

    layer: int
    attention: float | None
    mlp: float | None


class ExplainedToken(Answer):
    """Why a token was written, in sentences and in the numbers behind them."""

    index: int
    token: str
    text_before: str
    """The end of the text before this token, prompt included."""
    prob: float
    rank: int
    entropy: float
    """In nats."""
    effective_tokens: float
    """exp(entropy): how many equally likely tokens would be as uncertain."""
    summary: list[str]
    """The findings in sentences."""
    candidates: list[AnsweredCandidate]
    """The likeliest tokens, likeliest first."""
    layers: list[LensLayer] | None
    """The logit lens of each layer; null where the model has none."""
    attention: list[AttentionSource] | None
    """The strongest sources of each layer, without the first token of the text; null where the
    model has no attention that can be measured."""
    sizes: list[LayerSizes] | None
    does_not_show: list[str]
    """What these numbers do not prove."""


class ComparedToken(Answer):
    """One step of both runs."""

    index: int
    a: str
    b: str
    kl: float | None
    """KL(a‖b) of the two predictions in nats; null where they cannot be compared."""
    same_text_before: bool
    """Whether both texts are equal up to here. Where not, kl compares predictions after different
    texts."""


class ComparisonAnswer(Answer):
    """Two runs, token by token."""

    text_a: str
    text_b: str
    seed_a: int
    seed_b: int
    first_difference: int | None
    """Number of the first different token; null where there is none."""
    mean_kl: float | None
    """Mean KL(a‖b) in nats over the tokens after equal texts."""
    max_kl: float | None
    same_top: float | None
    """Share of those tokens for which both models' likeliest token is the same, 0 to 1."""
    not_compared: list[str]
    """Why some figures are null."""
    tokens: list[ComparedToken]


class AnsweredModel(Answer):
    """A model that the tools can run."""

    name: str
    parameters: int | None
    layers: int | None
    heads: int | None
    context: int | None
    """Most tokens of prompt and new text together."""
    problem: str | None
    """Why it cannot be used, or null."""


class ModelsAnswer(Answer):
    """The models."""

    default: str
    """The model of calls that name none."""
    models: list[AnsweredModel]
