"""`RunSettings` defines the names, ranges and defaults of a run's settings.

The JSON body, the query string, the command line and the web form use this type. Invalid values are
never clamped or dropped: they raise `InvalidSettings`, which names the field, the given value and
what is allowed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import AfterValidator, BaseModel, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from mav_engine.breakpoints import Breakpoints
from mav_engine.errors import InvalidSettings
from mav_engine.parsing.strict import MAX_WHOLE, WHOLE, Real, Strict, Text, Unicode
from mav_engine.parsing.strict_json import JsonFault, parse_strictly
from mav_engine.wording import did_you_mean, listed, named, shown

DEFAULT_MODEL = "mav-tiny"
DEFAULT_PROBES = ("predictions", "distribution", "residual", "mlp", "attention_entropy")

MAX_STOPS = 64
MAX_STOP_LENGTH = 1000
"""Most stop strings of a run, and most characters of each."""

MAX_PROBES = 64
"""Most probes of a run."""

MIN_PENALTY, MAX_PENALTY = 1e-3, 1e3
"""Logits multiplied or divided by these stay within the range of float32."""
COMMA_SEPARATED = frozenset({"capture", "forced_ids"})
"""Lists that may be comma-separated in a query, since their items contain no comma."""
MEASUREMENTS = frozenset({"top_n", "aggregation", "capture", "attn_every", "tile"})
"""Settings that change what is reported of a run, but not the tokens it generates."""
ADJUSTABLE = MEASUREMENTS | {"breakpoints"}
"""Settings that may differ when a run is resumed: they change none of its tokens."""
_ALLOWED_WITH_RESUME = ADJUSTABLE | {"resume", "model", "max_new_tokens"}

Aggregation = Literal["l2", "max_abs", "mean_abs", "rms"]


def _each_once(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))


class Message(Strict):
    """One turn of a conversation."""

    role: Annotated[Text, Field(min_length=1)]
    """The author's role: system, user, assistant, or another that the chat template supports."""
    content: Unicode
    """The text of the message."""


class Tile(Strict):
    """How the `tiles` probe draws a layer."""

    height: Annotated[int, Field(strict=True, ge=1, le=64), WHOLE] = 16
    """Rows of a tile."""
    width: Annotated[int, Field(strict=True, ge=1, le=64), WHOLE] = 16
    """Columns of a tile."""
    projection: Literal["random", "pca"] = "random"
    """How a layer's vector becomes a picture: a seeded random projection, or principal
    components."""
    signal: Literal["residual", "mlp", "attn"] = "residual"
    """Which vector of a layer to draw."""


class RunSettings(Strict):
    """The settings of a run."""

    # Lists fail fast, since a client can send half a million invalid items.

    model: Annotated[Text, Field(min_length=1)] = DEFAULT_MODEL
    """The name of a model from /api/models."""
    prompt: Annotated[Text, Field(min_length=1)] | None = None
    """The text to continue. Give either this or messages."""
    messages: Annotated[list[Message], Field(min_length=1, fail_fast=True)] | None = None
    """A conversation, rendered with the model's chat template. Without a template, each message
    becomes a line "role: content" (system first, then user and assistant, the user last), followed
    by "assistant:", and the reply ends where a line begins with another role. Give either this or
    prompt."""
    forced_ids: Annotated[
        list[Annotated[int, Field(strict=True, ge=0, le=MAX_WHOLE), WHOLE]],
        Field(fail_fast=True),
    ] = []
    """Token ids with which the generated text must begin, each fully measured. They count towards
    max_new_tokens."""
    forced_texts: Annotated[list[Unicode], Field(fail_fast=True)] = []
    """Texts of the tokens with which the generated text must begin, for models of chat servers,
    which have no ids. They are not measured, and count towards max_new_tokens."""
    max_new_tokens: Annotated[int, Field(strict=True, ge=1, le=MAX_WHOLE), WHOLE] = 64
    """The maximum number of tokens to generate."""
    min_new_tokens: Annotated[int, Field(strict=True, ge=0, le=MAX_WHOLE), WHOLE] = 0
    """The model cannot end the text before this many tokens are generated."""
    temperature: Annotated[Real, Field(ge=0, le=10)] = 0.0
    """0 always takes the likeliest token; higher values make unlikely tokens more likely."""
    top_k: Annotated[int, Field(strict=True, ge=0, le=MAX_WHOLE), WHOLE] = 50
    """Sample only from the k likeliest tokens; 0 is off."""
    top_p: Annotated[Real, Field(gt=0, le=1)] = 1.0
    """Sample only from the likeliest tokens that together have this probability; 1 is off."""
    min_p: Annotated[Real, Field(ge=0, le=1)] = 0.0
    """Exclude tokens whose probability is below this fraction of the likeliest one's; 0 is off."""
    repetition_penalty: Annotated[Real, Field(ge=MIN_PENALTY, le=MAX_PENALTY)] = 1.0
    """Above 1 makes tokens that are already in the text less likely; 1 is off."""
    no_repeat_ngram_size: Annotated[int, Field(strict=True, ge=0, le=MAX_WHOLE), WHOLE] = 0
    """No sequence of this many tokens occurs twice; 0 is off."""
    block_eos_steps: Annotated[int, Field(strict=True, ge=0, le=MAX_WHOLE), WHOLE] = 0
    """Exclude end-of-text for this many steps; 0 is off."""
    block_ws_steps: Annotated[int, Field(strict=True, ge=0, le=MAX_WHOLE), WHOLE] = 0
    """Exclude tokens of only white space for this many steps; 0 is off."""
    stop: Annotated[
        list[Annotated[Text, Field(min_length=1, max_length=MAX_STOP_LENGTH)]],
        Field(max_length=MAX_STOPS, fail_fast=True),
    ] = []
    """Generation ends once the text contains one of these strings, which is not part of the output.
    It also ends when the model generates a special token given here. At most 64 strings of at most
    1000 characters."""
    breakpoints: Breakpoints = Breakpoints()
    """Conditions that stop the run at the token that meets one; the run can be resumed."""
    seed: Annotated[int, Field(strict=True, ge=0, le=MAX_WHOLE), WHOLE] | None = None
    """The same seed and settings generate the same tokens. If empty, a random seed is used and
    reported."""
    top_n: Annotated[int, Field(strict=True, ge=1, le=100), WHOLE] = 20
    """How many predictions are reported for each token."""
    aggregation: Aggregation = "l2"
    """How a layer's vector becomes one number: its length, its largest or mean magnitude,
    or its root mean square."""
    capture: Annotated[
        list[Annotated[Text, Field(min_length=1)]],
        Field(max_length=MAX_PROBES, fail_fast=True),
        AfterValidator(_each_once),
    ] = list(DEFAULT_PROBES)
    """The probes that measure each token, each named once; predictions and distribution are always
    included."""
    attn_every: Annotated[int, Field(strict=True, ge=0, le=MAX_WHOLE), WHOLE] = 0
    """With the attention_map probe, report a full map every this many tokens, besides that of the
    prompt; 0 is off."""
    tile: Tile = Tile()
    """How the tiles probe draws a layer."""
    resume: Annotated[Text, Field(min_length=1)] | None = None
    """The resume token of an earlier run's done event: continues that run with all its settings.
    Only max_new_tokens (how many more; by default those that the run had left), breakpoints and
    what is measured (capture, top_n, aggregation, attn_every, tile) may be given with it."""

    def __init__(self, /, **given: object) -> None:
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise _invalid(error) from None

    @model_validator(mode="after")
    def _fit_together(self) -> RunSettings:
        _check_source(self)
        _check_lengths(self)
        return self

    def resolved(self) -> RunSettings:
        """These settings with a random seed if they have none."""
        if self.seed is not None:
            return self
        # Chat servers may read a seed as a 32-bit number.
        return self.model_copy(update={"seed": secrets.randbelow(2**31)})


def parse_settings(given: object) -> RunSettings:
    """Parse settings from JSON data; raises `InvalidSettings`."""
    if not isinstance(given, Mapping):
        raise InvalidSettings(
            f"The settings must be a JSON object with a prompt, not {shown(given)}."
        )
    return RunSettings(**given)


def settings_from_query(pairs: Iterable[tuple[str, str]]) -> RunSettings:
    """Parse settings from query parameters, or from one parameter `params` with the JSON object.

    A list is a repeated parameter; those in `COMMA_SEPARATED` may also be comma-separated. Objects
    are JSON. Raises `InvalidSettings`.
    """
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    if "params" in given:
        return parse_settings(_settings_in_params(given))
    return parse_settings({name: _from_text(name, texts) for name, texts in given.items()})


def _settings_in_params(given: Mapping[str, list[str]]) -> object:
    if len(given) > 1 or len(given["params"]) > 1:
        others = sorted(set(given) - {"params"}) or ["params"]
        raise InvalidSettings(
            "params contains the whole JSON object, so no other parameter is allowed; "
            f"put {listed(others)} inside.",
            field=others[0],
        )
    try:
        return parse_strictly(given["params"][0].removeprefix("\ufeff"))
    except JsonFault as error:
        raise InvalidSettings(f"params is not valid JSON: {error}", field="params") from None


def _from_text(name: str, texts: list[str]) -> object:
    """Convert the text of a query parameter to the value that a JSON body would have."""
    field = RunSettings.model_fields.get(name)
    if field is None:
        return texts[0]
    kinds = [kind for kind in _alternatives(field.annotation) if kind is not type(None)]
    if get_origin(kinds[0]) is list and kinds[0] != list[Message]:
        items = [item for text in texts for item in _items(name, text) if item]
        return [_scalar(item) for item in items] if name == "forced_ids" else items
    if len(texts) > 1:
        raise InvalidSettings(f"{name} was given {len(texts)} times; give it once.", field=name)
    if kinds[0] is str or get_origin(kinds[0]) is Literal:
        return texts[0]
    if texts[0] == "" and type(None) in _alternatives(field.annotation):
        return None
    return _scalar(texts[0])


def _items(name: str, text: str) -> list[str]:
    return text.split(",") if name in COMMA_SEPARATED else [text]


def _scalar(text: str) -> object:
    try:
        return parse_strictly(text)
    except JsonFault:
        return text


def _alternatives(annotation: object) -> tuple[Any, ...]:
    """The types that a field's annotation allows, without constraints."""
    if get_origin(annotation) is Annotated:
        return _alternatives(get_args(annotation)[0])
    if get_origin(annotation) in (list, Literal) or not get_args(annotation):
        return (annotation,)
    return tuple(kind for part in get_args(annotation) for kind in _alternatives(part))


def _check_source(settings: RunSettings) -> None:
    if settings.resume is not None:
        _check_with_resume(settings)
        return
    if settings.prompt is None and settings.messages is None:
        raise InvalidSettings(
            "There is nothing to continue: give prompt (a text), messages (a conversation) or "
            "resume (the token of an unfinished run).",
            field="prompt",
        )
    if settings.prompt is not None and settings.messages is not None:
        raise InvalidSettings(
            "prompt and messages were both given: give exactly one of them.", field="messages"
        )


def _check_with_resume(settings: RunSettings) -> None:
    for name in RunSettings.model_fields:
        given = name in settings.model_fields_set and getattr(settings, name) is not None
        if given and name not in _ALLOWED_WITH_RESUME:
            raise InvalidSettings(
                f"{name} was given together with resume, which contains it. Allowed with resume: "
                f"{', '.join(sorted(_ALLOWED_WITH_RESUME - {'resume'}))}.",
                field=name,
            )


def _check_lengths(settings: RunSettings) -> None:
    wanted = settings.max_new_tokens
    for name in ("forced_ids", "forced_texts"):
        count = len(getattr(settings, name))
        if count > wanted:
            raise InvalidSettings(
                f"{name} holds {count} tokens but max_new_tokens is {wanted}; raise max_new_tokens "
                f"to at least {count}.",
                field=name,
            )
    if settings.min_new_tokens > wanted:
        raise InvalidSettings(
            f"min_new_tokens is {settings.min_new_tokens} but max_new_tokens is only {wanted}; "
            "lower min_new_tokens or raise max_new_tokens.",
            field="min_new_tokens",
        )


def _invalid(error: ValidationError) -> InvalidSettings:
    first = error.errors(include_url=False)[0]
    path = first["loc"]
    names = [str(part) for part in path if not isinstance(part, int)]
    owner, described = _owner_of(names)
    if first["type"] == "extra_forbidden":
        return InvalidSettings(_unknown_name(names[-1], owner), field=".".join(names))
    where = names[0] + "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path[1:])
    problem = _problem_of(first)
    given = "is missing" if first["type"] == "missing" else f"was given as {shown(first['input'])}"
    return InvalidSettings(f"{where} {given}: {problem}. {described}", field=".".join(names))


def _problem_of(error: ErrorDetails) -> str:
    """pydantic's message without Python terms."""
    if error["type"] == "model_type":
        return "input should be an object"
    message = error["msg"].replace(" after validation", "")
    return message[0].lower() + message[1:]


_NESTED: dict[str, type[BaseModel]] = {
    "messages": Message,
    "tile": Tile,
    "breakpoints": Breakpoints,
}


def _owner_of(names: list[str]) -> tuple[type[BaseModel], str]:
    """The type that should have the last of these names, and the description of that setting."""
    owner: type[BaseModel] = RunSettings
    described = ""
    for name in names:
        field = owner.model_fields.get(name)
        if field is None:
            break
        described = f"{name}: {' '.join((field.description or '').split())}"
        owner = _NESTED.get(name, owner)
    return owner, described


def _unknown_name(name: str, owner: type[BaseModel]) -> str:
    known = owner.model_fields
    hint = did_you_mean(name, known)
    return f"There is no setting named {named(name)}.{hint} Known: {', '.join(known)}."
