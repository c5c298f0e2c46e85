"""The tokens of a prompt, from servers that can tokenize one."""

from __future__ import annotations

import json
from typing import Any

from mav_engine.backends.chat_server.connection import Away, Connection, Refused
from mav_engine.backends.chat_server.dialect import Tokenizer
from mav_engine.contract.events import TokenRef
from mav_engine.contract.model_info import Source
from mav_engine.settings import Message
from mav_engine.text.detokenizer import BYTES

MAX_DISTINCT = 512
"""Most different tokens whose text is asked for one by one."""

SOURCES: dict[Tokenizer, list[Source]] = {
    "vllm": ["prompt", "messages"],
    "llama.cpp": ["prompt", "messages"],
    "llama-cpp-python": ["prompt"],
}
"""What the servers tokenize: a text, or a conversation as their chat template renders it."""


class NotTokenized(Exception):
    """The server does not tokenize this prompt; the message is for the log."""


def tokens_of(
    connection: Connection, tokenizer: Tokenizer, model: str, given: str | list[Message]
) -> list[TokenRef]:
    """The tokens of a prompt or a conversation.

    Args:
        connection: to the server.
        tokenizer: the form of its requests.
        model: the server's name of the model.
        given: the prompt, or the messages.

    Raises:
        NotTokenized
    """
    try:
        if tokenizer == "vllm":
            return _by_vllm(connection, model, given)
        if tokenizer == "llama.cpp":
            return _by_llama_cpp(connection, model, given)
        return _by_llama_cpp_python(connection, model, given)
    except (Away, Refused, KeyError, TypeError, ValueError) as error:
        raise NotTokenized(f"{type(error).__name__}: {error}") from None


def _by_vllm(connection: Connection, model: str, given: str | list[Message]) -> list[TokenRef]:
    body: dict[str, Any] = {"model": model, "return_token_strs": True}
    if isinstance(given, str):
        body |= {"prompt": given, "add_special_tokens": True}
    else:
        body |= {"messages": _plain(given), "add_generation_prompt": True}
    answer = connection.post("/tokenize", body, root=True)
    ids = [int(each) for each in answer["tokens"]]
    texts = answer.get("token_strs") or [""] * len(ids)
    return [TokenRef(id_, _readable(text)) for id_, text in zip(ids, texts, strict=True)]


def _by_llama_cpp(connection: Connection, model: str, given: str | list[Message]) -> list[TokenRef]:
    if not isinstance(given, str):
        asked = {"model": model, "messages": _plain(given)}
        given = str(connection.post("/apply-template", asked, root=True)["prompt"])
    answer = connection.post(
        "/tokenize",
        {"model": model, "content": given, "add_special": True, "with_pieces": True},
        root=True,
    )
    return [TokenRef(int(each["id"]), _piece(each["piece"])) for each in answer["tokens"]]


def _by_llama_cpp_python(
    connection: Connection, model: str, given: str | list[Message]
) -> list[TokenRef]:
    if not isinstance(given, str):
        raise NotTokenized("it does not say how it renders a conversation")
    answer = connection.post("/extras/tokenize", {"model": model, "input": given}, root=True)
    ids = [int(each) for each in answer["tokens"]]
    if len(set(ids)) > MAX_DISTINCT:
        raise NotTokenized(f"more than {MAX_DISTINCT} different tokens")
    texts = {each: _detokenized(connection, model, each) for each in set(ids)}
    return [TokenRef(each, texts[each]) for each in ids]


def _detokenized(connection: Connection, model: str, token_id: int) -> str:
    asked = {"model": model, "tokens": [token_id]}
    try:
        return str(connection.post("/extras/detokenize", asked, root=True)["text"])
    except Refused:
        # It fails for a part of a character.
        return "\ufffd"


def _plain(messages: list[Message]) -> list[dict[str, str]]:
    return [{"role": each.role, "content": each.content} for each in messages]


def _piece(given: object) -> str:
    """llama.cpp gives the bytes where they are no text."""
    if isinstance(given, list):
        return "".join(f"<0x{int(byte):02X}>" for byte in given)
    return given if isinstance(given, str) else json.dumps(given)


def _readable(piece: str) -> str:
    """The text of a token as its vocabulary writes it."""
    if piece and all(character in BYTES for character in piece):
        raw = bytes(BYTES[character] for character in piece)
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return "".join(f"<0x{byte:02X}>" for byte in raw)
    return piece.replace("▁", " ")
