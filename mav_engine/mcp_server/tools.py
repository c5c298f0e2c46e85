"""The tools: what each takes and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from mav_engine.compare.events import Common, Compared, Divergence, SideEvent
from mav_engine.compare.settings import SIDES, Side, error_of_side, parse_compare
from mav_engine.contract.events import Done, Start, Token
from mav_engine.errors import InvalidSettings, MavError
from mav_engine.mcp_server.answers import (
    Answer,
    AnsweredModel,
    ComparedToken,
    ComparisonAnswer,
    ExplainedToken,
    ModelsAnswer,
    RunAnswer,
    WrittenToken,
)
from mav_engine.mcp_server.explanation import explained
from mav_engine.mcp_server.source import Source
from mav_engine.results.result import RunRecord
from mav_engine.settings import RunSettings, parse_settings
from mav_engine.wording import did_you_mean, named

Json = Mapping[str, Any]
Progress = Callable[[float, float], None]
"""Called with the number of tokens so far, and with how many there may be."""

SETTINGS = (
    "model", "prompt", "messages", "max_new_tokens", "min_new_tokens", "temperature", "top_k",
    "top_p", "min_p", "repetition_penalty", "no_repeat_ngram_size", "stop", "seed",
    "forced_ids",
)  # fmt: skip
"""The settings of a run that the tools take: those that decide what is written."""
_LEAST_CERTAIN = 5
_EXPLAINED_BY = ("residual", "mlp", "logit_lens", "attention_sources")


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool: its name and description, the schemas, and the function that answers."""

    name: str
    title: str
    description: str
    takes: dict[str, Any]
    answers: type[Answer]
    call: Callable[[Source, Json, Progress], Answer]


def run(source: Source, given: Json, progress: Progress) -> RunAnswer:
    """Run a model.

    Raises:
        MavError: a setting is invalid, or the run failed.
    """
    settings = _settings(source, given)
    record = _recorded(source, settings, progress, settings.max_new_tokens)
    by_entropy = sorted(record.tokens, key=lambda each: -each.known.entropy)
    return RunAnswer(
        model=settings.model,
        seed=_seed(record.start),
        text=record.text,
        ended_by=record.end.reason if isinstance(record.end, Done) else "cancelled",
        least_certain=[each.index for each in by_entropy[:_LEAST_CERTAIN]],
        tokens=[_written(each) for each in record.tokens],
    )


def explain_token(source: Source, given: Json, progress: Progress) -> ExplainedToken:
    """Explain one token of a run, which is computed again up to it.

    Raises:
        MavError: a setting is invalid, the run failed, or it has no token of this number.
    """
    index = given.get("token")
    if type(index) is not int or index < 0:
        raise InvalidSettings(
            "token is the number of the new token to explain, a whole number from 0.",
            field="token",
        )
    asked = _settings(source, {name: value for name, value in given.items() if name != "token"})
    if index >= asked.max_new_tokens:
        raise InvalidSettings(
            f"token is {index}, but the run has at most {asked.max_new_tokens} new tokens, "
            "numbered from 0. Lower token or raise max_new_tokens.",
            field="token",
        )
    supported = source.capabilities(asked.model)
    measured = [probe for probe in _EXPLAINED_BY if probe in supported]
    settings = asked.model_copy(update={"capture": measured})
    record = _recorded(source, settings, progress, index + 1)
    if len(record.tokens) <= index:
        raise InvalidSettings(
            f"token is {index}, but the run ended after {len(record.tokens)} new tokens, which are "
            "numbered from 0.",
            field="token",
        )
    return explained(record)


def compare(source: Source, given: Json, progress: Progress) -> ComparisonAnswer:
    """Compare two runs.

    Raises:
        MavError: a setting is invalid, or a run failed.
    """
    settings = parse_compare({**given, **_sides(source, given)})
    tokens: dict[Side, list[str]] = {"a": [], "b": []}
    texts: dict[Side, str] = {"a": "", "b": ""}
    seeds: dict[Side, int] = {"a": 0, "b": 0}
    steps: list[Divergence] = []
    not_compared: list[str] = []
    summary: Compared | None = None
    for event in source.compare(settings):
        match event:
            case SideEvent(side=side, event=Start() as start):
                seeds[side] = _seed(start)
            case SideEvent(side=side, event=Token() as token):
                tokens[side].append(token.token.text)
                texts[side] += token.text
            case Common():
                absent = event.kl_absent, event.layers_absent
                not_compared = list(dict.fromkeys(each for each in absent if each is not None))
            case Divergence():
                steps.append(event)
                progress(len(steps), settings.a.max_new_tokens)
            case Compared():
                summary = event
            case _:
                pass
    return ComparisonAnswer(
        text_a=texts["a"],
        text_b=texts["b"],
        seed_a=seeds["a"],
        seed_b=seeds["b"],
        first_difference=None if summary is None else summary.parted_at,
        mean_kl=None if summary is None else summary.mean_kl,
        max_kl=None if summary is None else summary.max_kl,
        same_top=None if summary is None else summary.same_top,
        not_compared=not_compared,
        tokens=[
            ComparedToken(
                index=each.index,
                a=tokens["a"][each.index],
                b=tokens["b"][each.index],
                kl=each.kl,
                same_text_before=each.same_text,
            )
            for each in steps
        ],
    )


def models(source: Source, given: Json, progress: Progress) -> ModelsAnswer:
    """List the models."""
    if given:
        raise InvalidSettings("The tool models takes no arguments.", field=next(iter(given)))
    found = source.models()
    progress(1, 1)
    return ModelsAnswer(
        default=found.default,
        models=[
            AnsweredModel(
                name=each.name,
                parameters=each.parameters,
                layers=each.layers,
                heads=each.heads,
                context=each.context,
                problem=found.problems.get(each.name),
            )
            for each in found.models
        ],
    )


def _settings(source: Source, given: Json) -> RunSettings:
    """The settings of a run, with the default model where none is named."""
    return parse_settings({"model": source.models().default, **_known(given)}).resolved()


def _sides(source: Source, given: Json) -> dict[str, Any]:
    """Those sides of a comparison that are objects, with the default model."""
    default = source.models().default
    found: dict[str, Any] = {}
    for side in SIDES:
        settings = given.get(side)
        if isinstance(settings, Mapping):
            try:
                found[side] = {"model": default, **_known(settings)}
            except MavError as error:
                raise error_of_side(error, side) from None
    return found


def _known(given: Json) -> Json:
    """The arguments, if all of them are settings that the tools take."""
    for name in given:
        if name not in SETTINGS:
            raise InvalidSettings(
                f"There is no argument named {named(name)}.{did_you_mean(name, SETTINGS)} "
                f"Known: {', '.join(SETTINGS)}.",
                field=name,
            )
    return given


def _recorded(source: Source, settings: RunSettings, progress: Progress, count: int) -> RunRecord:
    """The first `count` tokens of a run, which ends with them."""
    record = RunRecord()
    events = source.run(settings)
    with closing(events):
        for event in record.kept(events):
            if isinstance(event, Start) and event.model.server is not None:
                raise InvalidSettings(
                    f"{event.model.name} is run by {event.model.server.name}, which does not give "
                    "the probabilities of the whole vocabulary. Choose a model of MAV itself.",
                    field="model",
                )
            if isinstance(event, Token):
                progress(len(record.tokens), count)
                if len(record.tokens) == count < settings.max_new_tokens:
                    break
    return record


def _written(token: Token) -> WrittenToken:
    return WrittenToken(
        index=token.index,
        text=token.token.text,
        prob=token.prob,
        rank=token.known.rank,
        entropy=token.known.entropy,
    )


def _seed(start: Start | None) -> int:
    return 0 if start is None or start.settings.seed is None else start.settings.seed


def _settings_schema() -> dict[str, Any]:
    """JSON Schema of a run's settings, as far as the tools take them."""
    schema = RunSettings.model_json_schema()
    properties = {name: schema["properties"][name] for name in SETTINGS}
    used = {"Message": schema["$defs"]["Message"]}
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "$defs": used,
    }


def _with(schema: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """The schema of an object with further, required properties."""
    return {
        **schema,
        "properties": {**properties, **schema["properties"]},
        "required": list(properties),
    }


def _comparison_schema() -> dict[str, Any]:
    of_run = _settings_schema()
    definitions = of_run.pop("$defs")
    mode = {"enum": ["own", "forced"], "default": "own", "description": (
        "own: each run writes its own text. forced: b is forced to a's text, token by token; both "
        "models must have the same vocabulary."
    )}  # fmt: skip
    return {
        "type": "object",
        "properties": {"a": of_run, "b": of_run, "mode": mode},
        "required": ["a", "b"],
        "additionalProperties": False,
        "$defs": definitions,
    }


_TOKEN_ARGUMENT = {
    "type": "integer",
    "minimum": 0,
    "description": "Number of the new token to explain, from 0, as run reports it.",
}

TOOLS = (
    Tool(
        name="run",
        title="Run a language model and measure it",
        description="Continue a prompt or answer a conversation with a small language model, and "
        "report for each new token the model's own probability, rank and entropy. Give prompt or "
        "messages.",
        takes=_settings_schema(),
        answers=RunAnswer,
        call=run,
    ),
    Tool(
        name="explain_token",
        title="Explain why a model wrote a token",
        description="For one token of a run: the candidates and what the sampling controls "
        "removed, what each layer would have predicted (logit lens), which earlier tokens each "
        "layer attended to, and how much attention and MLP write. Give the same settings as to "
        "run, with the seed that it reported, and the token's number.",
        takes=_with(_settings_schema(), token=_TOKEN_ARGUMENT),
        answers=ExplainedToken,
        call=explain_token,
    ),
    Tool(
        name="compare",
        title="Compare two runs token by token",
        description="Run two models, or one model with two settings, and report where the texts "
        "part and how far the predictions are apart (KL divergence in nats).",
        takes=_comparison_schema(),
        answers=ComparisonAnswer,
        call=compare,
    ),
    Tool(
        name="models",
        title="List the models",
        description="The models that the other tools can run, and which is the default.",
        takes={"type": "object", "properties": {}, "additionalProperties": False},
        answers=ModelsAnswer,
        call=models,
    ),
)
