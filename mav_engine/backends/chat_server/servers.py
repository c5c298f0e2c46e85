"""All chat servers of an operator, and their models by name."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mav_engine.backends.chat_server.address import ChatAddress
from mav_engine.backends.chat_server.chat_model import ChatModel
from mav_engine.backends.chat_server.server import ChatServer
from mav_engine.contract.model_info import ModelInfo
from mav_engine.errors import UnknownModel
from mav_engine.models.catalog import CatalogEntry
from mav_engine.wording import did_you_mean, listed, shown


@dataclass(frozen=True, slots=True)
class ChatEntry(CatalogEntry):
    """A model of a chat server in the catalog."""

    model: ChatModel | None = None

    @property
    def opened(self) -> ChatModel:
        """The model, which needs no loading."""
        assert self.model is not None
        return self.model

    def describe(self) -> ModelInfo:
        """Its description."""
        return self.opened.info

    def problem(self) -> str | None:
        """Why it cannot be used; None if nothing is wrong."""
        return self.opened.server.problem


class ChatServers:
    """The chat servers that the operator names. May be used by several threads."""

    def __init__(self, addresses: Sequence[ChatAddress]) -> None:
        self._servers = {each.name: ChatServer(each) for each in addresses}

    def __bool__(self) -> bool:
        return bool(self._servers)

    def server_of(self, name: str) -> ChatServer | None:
        """The server of a name such as MODEL@SERVER; None if it names none."""
        return self._servers.get(name.rpartition("@")[2]) if "@" in name else None

    def refresh(self) -> None:
        """Ask all servers for their models; takes seconds if one does not answer."""
        if not self._servers:
            return
        with ThreadPoolExecutor(len(self._servers), thread_name_prefix="chat servers") as pool:
            list(pool.map(lambda each: each.refresh(), self._servers.values()))

    def refresh_for(self, name: str) -> None:
        """Ask the server of a model, if it is not known to have it."""
        server = self.server_of(name)
        if server is not None and (not server.was_asked or name not in server.models):
            server.refresh()

    def entries(self) -> dict[str, CatalogEntry]:
        """The models of all servers, as they were listed last."""
        return {
            name: ChatEntry(
                name,
                f"chat server {server.name}: {model.id}",
                model=ChatModel(name, model, server),
            )
            for server in self._servers.values()
            for name, model in server.models.items()
        }

    def problems(self) -> dict[str, str]:
        """Why servers cannot be used, by their names."""
        return {
            each.name: each.problem for each in self._servers.values() if each.problem is not None
        }

    def open(self, name: str) -> ChatModel | None:
        """A model by name, or None if it names none of these servers; asks the server.

        Raises:
            UnknownModel: the server does not have it.
        """
        server = self.server_of(name)
        if server is None:
            return None
        self.refresh_for(name)
        model = server.models.get(name)
        if model is None:
            known = sorted(server.models)
            why = f" {server.problem}" if server.problem else ""
            has = f" It has: {listed(known)}." if known else ""
            raise UnknownModel(
                f"{server.name} has no model named {shown(name.rpartition('@')[0])}."
                f"{did_you_mean(name, known)}{why}{has}",
                field="model",
            )
        return ChatModel(name, model, server)
