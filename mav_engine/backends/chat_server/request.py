"""The request for a run: its settings in the words of the server, or why it cannot be sent."""

from __future__ import annotations

import json
from typing import Any

from mav_engine.backends.chat_server.dialect import MAX_SEED, Dialect
from mav_engine.contract.model_info import Source
from mav_engine.errors import InvalidSettings
from mav_engine.settings import RunSettings

Json = dict[str, Any]
_OFF: dict[str, Any] = {
    "top_k": 0,
    "min_p": 0.0,
    "repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "min_new_tokens": 0,
    "block_eos_steps": 0,
    "block_ws_steps": 0,
}
"""Controls beyond OpenAI's, and the value that turns each off."""


def source_of(settings: RunSettings) -> Source:
    """What a run begins with."""
    return "prompt" if settings.messages is None else "messages"


def settings_for(settings: RunSettings, dialect: Dialect, server: str) -> RunSettings:
    """The settings with which a run starts on a server: defaults that it does not know are off.

    Raises:
        InvalidSettings: a setting that was given cannot be used with this server.
    """
    named = settings.model_fields_set
    changes: dict[str, Any] = {}
    for name, off in _OFF.items():
        # Without sampling, top_k and min_p change nothing.
        idle = settings.temperature == 0 and name in ("top_k", "min_p")
        if getattr(settings, name) == off or name in dialect.fields or idle:
            continue
        if name in named:
            raise InvalidSettings(
                f"{name} is {getattr(settings, name):g}, but {server} ({dialect.title}) has no "
                f"such setting. Give {off:g}, which is off, or leave it out.",
                field=name,
            )
        changes[name] = off
    most = dialect.most_candidates[source_of(settings)]
    if settings.top_n > most:
        if "top_n" in named:
            raise InvalidSettings(
                f"top_n is {settings.top_n}, but {server} ({dialect.title}) reports at most "
                f"{most} predictions; give 1 to {most}.",
                field="top_n",
            )
        changes["top_n"] = most
    if settings.seed is not None and settings.seed > MAX_SEED:
        raise InvalidSettings(
            f"seed is {settings.seed}, but {server} takes 0 to {MAX_SEED}.", field="seed"
        )
    _check(settings, dialect, server)
    return settings.model_copy(update=changes) if changes else settings


def body_of(
    settings: RunSettings, dialect: Dialect, model: str, *, logprobs: bool, limit: int
) -> Json:
    """The JSON body of a request.

    Args:
        settings: those of `settings_for`.
        dialect: the server's program.
        model: the server's name of the model.
        logprobs: whether to ask for log-probabilities.
        limit: most new tokens.
    """
    body: Json = {"model": model, "stream": True}
    begun = "".join(settings.forced_texts)
    is_chat = settings.messages is not None
    if settings.messages is None:
        body["prompt"] = (settings.prompt or "") + begun
    else:
        body["messages"] = [{"role": m.role, "content": m.content} for m in settings.messages]
        if begun:
            body["messages"].append({"role": "assistant", "content": begun})
            body |= dialect.continue_reply or {}
    body["max_completion_tokens" if is_chat and dialect.long_limit else "max_tokens"] = limit
    body["seed"] = settings.seed
    if dialect.as_generation_config:
        body["generation_config"] = json.dumps(_generation_config(settings, limit))
    else:
        body |= {"temperature": settings.temperature, "top_p": settings.top_p}
        body |= {theirs: getattr(settings, ours) for ours, theirs in dialect.fields.items()}
        if "top_k" in dialect.fields and settings.top_k == 0:
            body[dialect.fields["top_k"]] = dialect.top_k_off
    if logprobs:
        body |= (
            {"logprobs": True, "top_logprobs": settings.top_n}
            if is_chat
            else {"logprobs": settings.top_n}
        )
    return body


def _generation_config(settings: RunSettings, limit: int) -> Json:
    """All controls at once: transformers serve samples only where its generation config says so."""
    config: Json = {
        "max_new_tokens": limit,
        "do_sample": settings.temperature > 0,
        "repetition_penalty": settings.repetition_penalty,
        "no_repeat_ngram_size": settings.no_repeat_ngram_size,
        "min_new_tokens": settings.min_new_tokens,
    }
    if settings.temperature > 0:
        config |= {
            name: getattr(settings, name) for name in ("temperature", "top_k", "top_p", "min_p")
        }
    return config


def _check(settings: RunSettings, dialect: Dialect, server: str) -> None:
    if settings.forced_ids:
        raise InvalidSettings(
            f"{server} gives no ids of tokens, so forced_ids cannot be used; give the texts of the "
            "tokens as forced_texts.",
            field="forced_ids",
        )
    if settings.breakpoints.entropy_above is not None:
        raise InvalidSettings(
            f"{server} does not give the entropy, so breakpoints.entropy_above cannot be checked. "
            "Leave it out; probability_below needs the chosen token's probability only.",
            field="breakpoints",
        )
    source = source_of(settings)
    if settings.forced_texts and source not in dialect.continues:
        raise InvalidSettings(
            f"{server} ({dialect.title}) begins a new reply instead of continuing one, so a "
            "conversation cannot have forced_texts. Give the conversation as prompt, or choose "
            "another server.",
            field="forced_texts",
        )
