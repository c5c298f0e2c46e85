"""Requests for completions as settings of a run.

Parameters that cannot be honoured are refused by name, unless they have the value that changes
nothing. `mav` holds settings of a run that OpenAI's API does not have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mav_engine.errors import InvalidSettings
from mav_engine.settings import RunSettings
from mav_engine.wording import did_you_mean, named, shown

COMPLETION_TOKENS = 16
"""The default of max_tokens for completions, as OpenAI has it."""
MAX_LOGPROBS = 20
"""Most alternatives of a token, as OpenAI has it."""
SAME = ("temperature", "top_p", "seed")
"""Parameters with the meaning of the setting of the same name."""
COMMON = frozenset(
    {"model", *SAME, "stop", "n", "stream", "stream_options", "logprobs", "max_tokens", "mav"}
)
KNOWN = {
    "completions": COMMON | {"prompt"},
    "chat": COMMON | {"messages", "top_logprobs", "max_completion_tokens"},
}
NEUTRAL: dict[str, tuple[object, ...]] = {
    "n": (1,),
    "best_of": (1,),
    "echo": (False,),
    "suffix": ("",),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logit_bias": ({},),
    "tools": ([],),
    "response_format": ({"type": "text"},),
    "store": (False,),
}
"""Parameters that are not supported, and the values of them that change nothing."""
THEIRS = frozenset({"prompt", "messages", "stop", "model", "max_new_tokens", *SAME})
"""Settings that are parameters of the request, and so not part of `mav`."""
OF_PARTS = frozenset({"resume", "forced_ids"})
"""Settings of a part of a run, for which /api/run is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a completion."""

    settings: RunSettings
    is_chat: bool
    is_stream: bool
    with_usage: bool
    """Whether the stream ends with the numbers of tokens."""
    logprobs: int | None
    """Number of alternatives that are listed for each token; None without log-probabilities."""
    with_events: bool
    """Whether the answer has the events of the run in `mav`."""


def parse_asked(given: object, *, chat: bool, longest: int) -> Asked:
    """Parse a request.

    Args:
        given: the JSON body.
        chat: whether it is for a chat.
        longest: most new tokens of a run, the default of max_tokens in a chat.

    Raises:
        InvalidSettings: a parameter is invalid or not supported; the error names it.
    """
    if not isinstance(given, Mapping):
        raise InvalidSettings("The body must be a JSON object.")
    # Null is the default of every parameter.
    asked = {str(name): value for name, value in given.items() if value is not None}
    _check_names(asked, KNOWN["chat" if chat else "completions"])
    extra = _extra(asked.get("mav"))
    settings: dict[str, Any] = {"temperature": 1.0, "top_k": 0, "capture": [], **(extra or {})}
    settings |= {name: asked[name] for name in ("model", *SAME) if name in asked}
    if chat:
        settings["messages"] = _messages(asked.get("messages"))
    else:
        settings["prompt"] = _prompt(asked.get("prompt"))
    if "stop" in asked:
        settings["stop"] = [asked["stop"]] if isinstance(asked["stop"], str) else asked["stop"]
    settings["max_new_tokens"] = _length(asked, longest if chat else COMPLETION_TOKENS, longest)
    logprobs = (_chat_logprobs if chat else _logprobs)(asked)
    settings.setdefault("top_n", max(1, logprobs or 0))
    if settings["top_n"] < (logprobs or 0):
        raise _invalid("mav.top_n", f"is less than the {logprobs} alternatives of logprobs")
    stream = _flag(asked, "stream")
    return Asked(
        settings=RunSettings(**settings),
        is_chat=chat,
        is_stream=stream,
        with_usage=_with_usage(asked, stream),
        logprobs=logprobs,
        with_events=extra is not None,
    )


def _check_names(asked: Mapping[str, object], known: frozenset[str]) -> None:
    for name, value in asked.items():
        # True equals 1 in Python.
        neutral = any(
            value == each and isinstance(value, bool) == isinstance(each, bool)
            for each in NEUTRAL.get(name, ())
        )
        if neutral or (name in known and name not in NEUTRAL):
            continue
        if name in NEUTRAL:
            only = " or ".join(map(shown, NEUTRAL[name]))
            raise _invalid(name, f"is {shown(value)}; this server supports {only} only")
        raise InvalidSettings(
            f"{named(name)} is not supported.{did_you_mean(name, known)} Supported: "
            f"{', '.join(sorted(known))}.",
            field=name,
        )


def _extra(given: object) -> dict[str, Any] | None:
    """The settings in `mav`; None if it was not given."""
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise _invalid("mav", f'is {shown(given)}; give an object such as {{"capture": ["mlp"]}}')
    for name in given:
        if name in THEIRS:
            raise _invalid(f"mav.{name}", "is a parameter of the request itself; give it there")
        if name in OF_PARTS:
            raise _invalid(f"mav.{name}", "is not supported here; use /api/run")
    return {"capture": RunSettings.model_fields["capture"].default, **given}


def _prompt(given: object) -> object:
    if isinstance(given, list) and len(given) == 1 and isinstance(given[0], str):
        return given[0]
    if given is None or isinstance(given, list):
        raise _invalid("prompt", "must be one text; lists of texts or ids are not supported")
    return given


def _messages(given: object) -> list[dict[str, object]]:
    if not isinstance(given, list) or not given:
        raise _invalid("messages", "must be a list of messages")
    return [_message(each, f"messages.{number}") for number, each in enumerate(given)]


def _message(given: object, where: str) -> dict[str, object]:
    if not isinstance(given, Mapping):
        raise _invalid(where, "must be an object with role and content")
    for name, value in given.items():
        if name not in ("role", "content") and value is not None:
            raise _invalid(f"{where}.{name}", "is not supported; a message has role and content")
    role, content = given.get("role"), given.get("content")
    if isinstance(content, list):
        content = "".join(_text(each, f"{where}.content") for each in content)
    if not isinstance(content, str):
        raise _invalid(f"{where}.content", "must be a text")
    # OpenAI's newer name, which no chat template knows.
    return {"role": "system" if role == "developer" else role, "content": content}


def _text(part: object, where: str) -> str:
    match part:
        case {"type": "text", "text": str(text)}:
            return text
        case _:
            raise _invalid(where, "has a part that is not a text; only texts are supported")


def _length(asked: Mapping[str, Any], default: int, longest: int) -> object:
    names = [name for name in ("max_completion_tokens", "max_tokens") if name in asked]
    if len(names) == 2 and asked[names[0]] != asked[names[1]]:
        raise _invalid("max_tokens", "differs from max_completion_tokens; give one of them")
    return asked[names[0]] if names else min(default, longest)


def _chat_logprobs(asked: Mapping[str, object]) -> int | None:
    wanted = _flag(asked, "logprobs")
    if "top_logprobs" in asked and not wanted:
        raise _invalid("top_logprobs", "needs logprobs, which must be true")
    return _count(asked.get("top_logprobs", 0), "top_logprobs") if wanted else None


def _logprobs(asked: Mapping[str, object]) -> int | None:
    return _count(asked["logprobs"], "logprobs") if "logprobs" in asked else None


def _count(given: object, name: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= MAX_LOGPROBS:
        raise _invalid(name, f"is {shown(given)}; give a number from 0 to {MAX_LOGPROBS}")
    return given


def _flag(asked: Mapping[str, object], name: str) -> bool:
    given = asked.get(name, False)
    if not isinstance(given, bool):
        raise _invalid(name, f"is {shown(given)}; give true or false")
    return given


def _with_usage(asked: Mapping[str, object], stream: bool) -> bool:
    given = asked.get("stream_options")
    if given is None:
        return False
    if not stream:
        raise _invalid("stream_options", "needs stream, which must be true")
    if not isinstance(given, Mapping) or not given.keys() <= {"include_usage"}:
        raise _invalid("stream_options", "may have include_usage only")
    return _flag(given, "include_usage")


def _invalid(name: str, problem: str) -> InvalidSettings:
    return InvalidSettings(f"{name} {problem}.", field=name)
