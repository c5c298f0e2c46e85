"""Checks settings against a loaded model, before anything is computed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mav_engine.contract.events import FinishReason
from mav_engine.faults import refused_for
from mav_engine.generation.forced_tokens import ForcedTokens, GivenTokens
from mav_engine.generation.resume_token import PROCESS_SEAL, Seal, Unfinished
from mav_engine.probes import Plan, Probe, captured
from mav_engine.probes.probe_runner import check_all
from mav_engine.running.chat_run import PreparedChatRun, prepare_chat
from mav_engine.running.validation import (
    check_embedded,
    check_forced,
    check_no_texts,
    check_same_model,
    eos_ids_of,
    prompt_ids_of,
    stops_of,
)
from mav_engine.settings import RunSettings

if TYPE_CHECKING:
    from mav_engine.backends import Backend
    from mav_engine.backends.chat_server.chat_model import ChatModel
    from mav_engine.generation.loop import Generated

StopCondition = Callable[["Generated"], FinishReason | None]
"""Called with each token before its event; returns why the run ends with it, or None."""


def _never_stops(_: Generated) -> None:
    return None


def prepare_any(
    settings: RunSettings,
    model: Backend | ChatModel,
    *,
    before: Unfinished | None = None,
    seal: Seal = PROCESS_SEAL,
) -> PreparedRun | PreparedChatRun:
    """`prepare`, for a loaded model or one of a chat server."""
    from mav_engine.backends.chat_server.chat_model import ChatModel

    if not isinstance(model, ChatModel):
        return prepare(settings, model, before=before, seal=seal)
    with refused_for("model", f"The model {settings.model}"):
        return prepare_chat(settings, model)


def prepare(
    settings: RunSettings,
    backend: Backend,
    *,
    before: Unfinished | None = None,
    seal: Seal = PROCESS_SEAL,
) -> PreparedRun:
    """Check settings against a loaded model, before anything is computed.

    Args:
        settings: with the seed resolved.
        backend: the loaded model.
        before: the run that this one continues, if it does.
        seal: what signs the resume token.

    Raises:
        ValueError: the seed is not resolved.
        InvalidSettings: a probe, a forced id or a token of the prompt that this model does not
            have, a probe that would have to hold too much, or a tokenizer, chat template or
            plugin that fails.
        ResumeRefused: another model wrote the run that is to be continued.
        PromptTooLong: the prompt leaves no room for a token.
    """
    if settings.seed is None:
        raise ValueError("prepare() takes resolved settings: call settings.resolved()")
    with refused_for("model", f"The model {settings.model}"):
        return _prepared(settings, backend, before, seal)


def _prepared(
    settings: RunSettings, backend: Backend, before: Unfinished | None, seal: Seal
) -> PreparedRun:
    info = backend.info
    with refused_for("capture", "A probe"):
        probes = captured(settings.capture, info.capabilities, info.name)
    check_forced(settings, info)
    check_no_texts(settings, info)
    stops = stops_of(settings, backend)
    if before is not None:
        check_same_model(before, backend)
    known = None if before is None else before.prompt_ids
    prompt_ids = known or prompt_ids_of(settings, backend)
    limit = settings.max_new_tokens
    if info.context is not None:
        limit = min(limit, info.context - len(prompt_ids))
    written = [] if before is None else before.written
    if before is not None:
        check_embedded([*prompt_ids, *written], backend, "resume")
    plan = Plan(settings, info, len(prompt_ids) + len(written), limit - len(written))
    with refused_for("capture", "A probe"):
        check_all(probes, plan)
    return PreparedRun(
        settings,
        backend,
        probes,
        prompt_ids,
        written,
        limit,
        *stops,
        eos_ids_of(settings, backend),
        seal,
        GivenTokens(settings.forced_ids),
    )


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """A run that has been checked against its model; it can be iterated once."""

    settings: RunSettings
    backend: Backend
    probes: list[Probe]
    prompt_ids: list[int]
    written: list[int]
    """The new tokens of the run that this one continues."""
    limit: int
    """New tokens at most, including `written`: the setting, or the room in the context."""
    stop_ids: frozenset[int]
    stop_texts: list[str]
    eos_ids: Collection[int]
    """Ids that end the text."""
    seal: Seal
    forced: ForcedTokens
    """The tokens to write first."""
    stop_condition: StopCondition = _never_stops

    @property
    def read_ids(self) -> list[int]:
        """The tokens that are prefilled."""
        return self.prompt_ids + self.written

    def resume_token(self, written: list[int]) -> str | None:
        """A token that resumes this run after these new tokens; None where the context is full."""
        context = self.backend.info.context
        if context is not None and len(self.prompt_ids) + len(written) >= context:
            return None
        prompt_ids = None if self.settings.messages is None else self.prompt_ids
        fingerprint = self.backend.fingerprint
        return self.seal.sign(Unfinished(self.settings, fingerprint, written, prompt_ids))
