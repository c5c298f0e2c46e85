"""One chat server: which program it is, and its models."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from mav_engine.backends.chat_server.address import ChatAddress
from mav_engine.backends.chat_server.connection import Away, Connection, Refused
from mav_engine.backends.chat_server.dialect import DIALECTS, GENERIC, OWNERS, Dialect
from mav_engine.backends.chat_server.prompt_tokens import SOURCES
from mav_engine.contract.model_info import ChatServerInfo, ModelInfo, Source, Unavailable
from mav_engine.models.context_length import positive_integer
from mav_engine.probes import names as probe_names

LOG = logging.getLogger("mav.chat_servers")
MAX_AGE_S = 3.0
"""Seconds for which a list of models is used without asking again."""
MAX_MODELS = 1000
"""Most models of a list that are offered."""

_NO_CHAT = re.compile(
    r"embed|whisper|tts|dall-e|moderation|rerank|transcri|gpt-image|sora|realtime", re.IGNORECASE
)
"""Models that generate no text, by the usual names."""
_PATH = re.compile(r"[/~]|\.{1,2}/|[A-Za-z]:[\\/]")
"""The beginning of a path."""
_VOCABULARY = ("distribution", "sampler_stages")
"""Probes that need the probabilities of the whole vocabulary."""
_PATHS = {
    "/load_model": "transformers",
    "/extras/tokenize": "llama-cpp-python",
    "/get_server_info": "sglang",
}
"""The program by a path of its OpenAPI document."""


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model in a server's list."""

    id: str
    """The server's name of it."""
    facts: Mapping[str, Any]
    """What the list says of it."""

    @property
    def name(self) -> str:
        """Its name without folders, where the server names a model by its path."""
        if not _PATH.match(self.id):
            return self.id
        return re.split(r"[\\/]", self.id.rstrip("\\/"))[-1].removesuffix(".gguf")


class ChatServer:
    """A server with OpenAI's API. Its methods may be called on any thread; some wait for it.

    Args:
        address: where it is.
    """

    def __init__(self, address: ChatAddress) -> None:
        self.name = address.name
        self.connection = Connection(address)
        self.dialect: Dialect = GENERIC if address.kind is None else DIALECTS[address.kind]
        """Which program it is, as far as it is known."""
        self.models: dict[str, ListedModel] = {
            f"{each.name}@{address.name}": each
            for each in (ListedModel(id_, {}) for id_ in address.models)
        }
        """Its models, by their names here."""
        self.problem: str | None = None
        """Why it cannot be used; None if the last answer was right, or before the first one."""
        self.without_logprobs: set[tuple[str, Source]] = set()
        """The models that were found not to give log-probabilities, by the server's names, and in
        which runs."""
        self._address = address
        self._is_known = address.kind is not None
        self._asked_at: float | None = None
        self._asking = threading.Lock()

    @property
    def was_asked(self) -> bool:
        """Whether it has been asked for its models."""
        return self._asked_at is not None

    def refresh(self) -> None:
        """Ask for the models, unless that was done in the last `MAX_AGE_S` seconds."""
        with self._asking:
            now = time.monotonic()
            if self._asked_at is not None and now - self._asked_at < MAX_AGE_S:
                return
            try:
                self._ask()
            except Away as error:
                self._note(
                    f"{self.name} cannot be reached, so its models do not run. Check that it runs, "
                    "and its address in MAV_CHAT_SERVERS.", str(error),
                )  # fmt: skip
            except Refused as error:
                self._note(self._refusal(error), f"status {error.status}: {error.said}")
            else:
                if self.problem is not None:
                    LOG.warning("%s can be used again", self.name)
                    self.without_logprobs.clear()
                self.problem = None
            self._asked_at = time.monotonic()

    def gives_logprobs(self, model: str, source: Source) -> bool:
        """Whether such runs of a model have log-probabilities, as far as it is known."""
        return self.dialect.logprobs and (model, source) not in self.without_logprobs

    def info(self, name: str, model: ListedModel) -> ModelInfo:
        """The description of one of its models."""
        gives = any(self.gives_logprobs(model.id, source) for source in get_args(Source))
        meta = model.facts.get("meta")
        sizes = meta if isinstance(meta, dict) else {}
        tokenizer = self.dialect.tokenizer
        return ModelInfo(
            name=name,
            title=f"{model.name.rpartition('/')[2]} · {self.name}",
            parameters=positive_integer(sizes, ("n_params",)),
            layers=None,
            heads=None,
            kv_heads=None,
            d_model=None,
            vocabulary=None,
            context=positive_integer(model.facts, ("max_model_len",)),
            dtype=None,
            device=None,
            loaded=True,
            chat_template=True,
            capabilities=["predictions"] if gives else [],
            server=ChatServerInfo(
                name=self.name,
                kind=self.dialect.kind,
                not_available=_not_available(gives),
                continues=self.dialect.continues,
                tokenizes=[] if tokenizer is None else SOURCES[tokenizer],
            ),
        )

    def _ask(self) -> None:
        try:
            listed = _models_in(self.connection.get("/models"))
        except Refused as error:
            # The operator has named the models, and not every server can list them.
            if not self._address.models or error.status in (401, 403):
                raise
            listed = []
        if not self._is_known:
            self._recognise(listed)
        if self._address.models:
            facts = {each.id: each for each in listed}
            chosen = [facts.get(id_, ListedModel(id_, {})) for id_ in self._address.models]
        else:
            chosen = [each for each in listed if not _NO_CHAT.search(each.id)]
        found: dict[str, ListedModel] = {}
        for each in chosen[:MAX_MODELS]:
            found.setdefault(f"{each.name}@{self.name}", each)
        self.models = found

    def _recognise(self, listed: list[ListedModel]) -> None:
        for each in listed:
            kind = OWNERS.get(str(each.facts.get("owned_by")))
            if kind is not None:
                self.dialect, self._is_known = DIALECTS[kind], True
                return
        try:
            paths = self.connection.get("/openapi.json", root=True)["paths"]
            kind = next((kind for path, kind in _PATHS.items() if path in paths), None)
        except (Away, Refused, KeyError, TypeError):
            return
        if kind is not None:
            self.dialect, self._is_known = DIALECTS[kind], True

    def _refusal(self, error: Refused) -> str:
        if error.status in (401, 403):
            return f"{self.name} does not accept the key: set it in MAV_CHAT_KEYS."
        if 300 <= error.status < 400:
            return (
                f"{self.name} redirects to another address, which is not followed: set the right "
                "one in MAV_CHAT_SERVERS."
            )
        return (
            f"{self.name} does not list its models: check that its address in MAV_CHAT_SERVERS "
            "ends as its documentation says, with /v1 in most cases, or name the models in "
            "MAV_CHAT_MODELS."
        )

    def _note(self, problem: str, why: str) -> None:
        if problem != self.problem:
            LOG.error("%s (%s)", problem, why)
        self.problem = problem


def _models_in(given: Any) -> list[ListedModel]:
    listed = given.get("data") if isinstance(given, dict) else None
    if not isinstance(listed, list):
        raise Refused(200, "")
    return [
        ListedModel(each["id"], each)
        for each in listed
        if isinstance(each, dict) and isinstance(each.get("id"), str) and _is_name(each["id"])
    ]


def _is_name(given: str) -> bool:
    return 0 < len(given) <= 500 and given.isprintable() and given == given.strip()


def _not_available(gives_logprobs: bool) -> dict[str, Unavailable]:
    found: dict[str, Unavailable] = {
        name: "vocabulary" if name in _VOCABULARY else "layers"
        for name in probe_names()
        if name != "predictions"
    }
    if not gives_logprobs:
        found["predictions"] = "logprobs"
    return found
