"""A model of a chat server. It is no `Backend`: it has no logits, and so no session."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator

from mav_engine.backends.chat_server.answer import BadStream, Piece, ServerError
from mav_engine.backends.chat_server.connection import Away, Refused
from mav_engine.backends.chat_server.prompt_tokens import NotTokenized, tokens_of
from mav_engine.backends.chat_server.request import body_of, settings_for, source_of
from mav_engine.backends.chat_server.server import ChatServer, ListedModel
from mav_engine.contract.events import TokenRef
from mav_engine.contract.model_info import ModelInfo, Source
from mav_engine.errors import InvalidSettings
from mav_engine.settings import RunSettings

LOG = logging.getLogger("mav.chat_servers")


class ChatModel:
    """One model of a chat server.

    Args:
        name: its name here, `MODEL@SERVER`.
        listed: its name there.
        server: the server.
    """

    memory_bytes = 0

    def __init__(self, name: str, listed: ListedModel, server: ChatServer) -> None:
        self.name = name
        self.server = server
        self._listed = listed

    @property
    def info(self) -> ModelInfo:
        """Its description."""
        return self.server.info(self.name, self._listed)

    @property
    def title(self) -> str:
        """The name of the program that runs it."""
        return self.server.dialect.title

    def close(self) -> None:
        """Does nothing: the server has the weights."""

    def accepted(self, settings: RunSettings) -> RunSettings:
        """The settings with which a run starts.

        Raises:
            InvalidSettings: one of them cannot be used with this server.
        """
        return settings_for(settings, self.server.dialect, self.server.name)

    def prompt_tokens(self, settings: RunSettings) -> list[TokenRef]:
        """The tokens of the prompt, or none if the server does not tokenize it; takes a moment."""
        tokenizer = self.server.dialect.tokenizer
        if tokenizer is None:
            return []
        given = settings.messages or settings.prompt or ""
        try:
            return tokens_of(self.server.connection, tokenizer, self._listed.id, given)
        except NotTokenized as error:
            LOG.warning("%s has not tokenized a prompt (%s)", self.server.name, error)
            return []

    def pieces(
        self, settings: RunSettings, limit: int, is_stopped: Callable[[], bool]
    ) -> Generator[Piece, None, None]:
        """The pieces of the answer; closing the iterator ends the generation on the server.

        Args:
            settings: those of `accepted`.
            limit: most new tokens.
            is_stopped: asked while the server is silent.

        Raises:
            MavError: the server cannot be reached, refuses the request or fails.
            Stopped: the caller has stopped the run.
        """
        source = source_of(settings)
        asks = self.server.gives_logprobs(self._listed.id, source)
        try:
            try:
                yield from self._stream(settings, limit, is_stopped, logprobs=asks)
                return
            except Refused as error:
                if not asks or "logprob" not in error.said.lower():
                    raise
            # Refused before anything was generated, for its log-probabilities.
            self.note_without_logprobs(source)
            yield from self._stream(settings, limit, is_stopped, logprobs=False)
        except Refused as error:
            if error.status in (404, 405, 501) and settings.messages is None:
                raise self._no_completions(error) from None
            raise self.server.connection.error_of(error) from None
        except (Away, BadStream, ServerError) as error:
            LOG.warning("an answer of %s failed: %s", self.server.name, error)
            raise self.server.connection.error_of(error) from None

    def note_without_logprobs(self, source: Source) -> None:
        """Note that such runs of the model have no log-probabilities."""
        self.server.without_logprobs.add((self._listed.id, source))

    def _stream(
        self,
        settings: RunSettings,
        limit: int,
        is_stopped: Callable[[], bool],
        *,
        logprobs: bool,
    ) -> Generator[Piece, None, None]:
        body = body_of(
            settings, self.server.dialect, self._listed.id, logprobs=logprobs, limit=limit
        )
        path = "/completions" if source_of(settings) == "prompt" else "/chat/completions"
        return self.server.connection.stream(path, body, is_stopped)

    def _no_completions(self, error: Refused) -> InvalidSettings:
        name = self.server.name
        said = f" It says: {error.said}" if error.said else ""
        return InvalidSettings(
            f"{name} has no model {self._listed.name} that continues a text (status "
            f"{error.status}). Give messages, a conversation, instead of prompt.{said}",
            field="prompt",
        )
