"""A completion, whole or in chunks, made of the events of a run.

Log-probabilities are those of the model's own prediction, before temperature and other controls.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from mav_engine.errors import MavError, RunFailed
from mav_engine.server.http.pending_requests import RETRY_AFTER_S, ServerStopping
from mav_engine.server.v1.asked import Asked

Json = dict[str, Any]
IMPOSSIBLE = -9999.0
"""The log-probability of a token that the model rules out, as OpenAI writes it."""
FINISH = {
    "eos": "stop", "stop": "stop", "breakpoint": "stop", "length": "length", "deadline": "length",
}  # fmt: skip
"""OpenAI's reason for each of MAV's; a cancelled run is an error."""
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


class Completion:
    """The completion of one run.

    Args:
        asked: the request.
        created: seconds since 1970.
    """

    def __init__(self, asked: Asked, created: int) -> None:
        self._asked = asked
        self._created = created
        self._events: dict[str, Any] = {}
        """The events other than tokens, by type."""
        self._tokens: list[Json] = []
        """The token events of an answer that is not a stream."""
        self._written = 0
        self._offset = 0

    def add(self, event: Json) -> Json | None:
        """Add an event; returns the chunk for it, or None if there is none.

        Raises:
            MavError: the run failed, or was stopped with the server.
        """
        kind = event["type"]
        if kind == "error":
            raise _failure(event)
        if kind == "done" and event["reason"] not in FINISH:
            raise ServerStopping(
                "The server is stopping. Send the request again in a few seconds.",
                retry_after_s=RETRY_AFTER_S,
            )
        if kind == "token":
            self._written += 1
            if not self._asked.is_stream:
                self._tokens.append(event)
        else:
            self._events[kind] = event
        if kind == "queued" or (kind == "prompt" and not self._asked.with_events):
            return None
        chunk = self._head(is_chunk=True) | {"choices": [self._piece(event)]}
        if self._asked.with_usage:
            chunk["usage"] = None
        if self._asked.with_events:
            chunk["mav"] = event
        return chunk

    def last_chunk(self) -> Json | None:
        """The chunk with the numbers of tokens, if it was asked for."""
        if not self._asked.with_usage:
            return None
        return self._head(is_chunk=True) | {"choices": [], "usage": self._usage()}

    def whole(self) -> Json:
        """The answer, after the last event was added."""
        done, tokens = self._events["done"], self._tokens
        content = {"role": "assistant", "content": done["text"], "refusal": None}
        choice: Json = {
            "index": 0,
            **({"message": content} if self._asked.is_chat else {"text": done["text"]}),
            "logprobs": self._logprobs(tokens, 0),
            "finish_reason": FINISH[done["reason"]],
        }
        answer = self._head(is_chunk=False) | {"choices": [choice], "usage": self._usage()}
        if self._asked.with_events:
            of_run = {name: self._events.get(name) for name in ("start", "prompt", "done")}
            answer["mav"] = {**of_run, "tokens": tokens}
        return answer

    def _head(self, *, is_chunk: bool) -> Json:
        start = self._events["start"]
        if self._asked.is_chat:
            prefix, kind = "chatcmpl", "chat.completion.chunk" if is_chunk else "chat.completion"
        else:
            prefix, kind = "cmpl", "text_completion"
        return {
            "id": f"{prefix}-{start['run_id']}",
            "object": kind,
            "created": self._created,
            "model": start["model"]["name"],
        }

    def _piece(self, event: Json) -> Json:
        """The choice of a chunk."""
        kind = event["type"]
        text = event["text"] if kind == "token" else ""
        choice: Json = {"index": 0, "logprobs": None, "finish_reason": None}
        if kind == "done":
            choice["finish_reason"] = FINISH[event["reason"]]
        if self._asked.is_chat:
            delta: Json = {"content": text} if kind == "token" else {}
            choice["delta"] = {"role": "assistant", "content": ""} if kind == "start" else delta
        else:
            choice["text"] = text
        if kind == "token":
            choice["logprobs"] = self._logprobs([event], self._offset)
            self._offset += len(text)
        return choice

    def _logprobs(self, tokens: list[Json], offset: int) -> Json | None:
        most = self._asked.logprobs
        # Chat servers may give none.
        if most is None or any(_is_unknown(each) for each in tokens):
            return None
        if self._asked.is_chat:
            rows = [
                {
                    **_row(each["token"]["text"], _finite(each["logprob"])),
                    "top_logprobs": [_row(*candidate) for candidate in _top(each, most)],
                }
                for each in tokens
            ]
            return {"content": rows, "refusal": None}
        offsets = [*_offsets(tokens, offset)]
        return {
            "tokens": [each["token"]["text"] for each in tokens],
            "token_logprobs": [_finite(each["logprob"]) for each in tokens],
            "top_logprobs": [dict(_top(each, most)) for each in tokens] if most else None,
            "text_offset": offsets,
        }

    def _usage(self) -> Json:
        prompt = self._events.get("prompt")
        read = len(prompt["tokens"]) if prompt else 0
        written = self._written
        return {
            "prompt_tokens": read,
            "completion_tokens": written,
            "total_tokens": read + written,
        }


def _offsets(tokens: list[Json], offset: int) -> Iterator[int]:
    for each in tokens:
        yield offset
        offset += len(each["text"])


def _top(token: Json, most: int) -> list[tuple[str, float]]:
    return [
        (row["text"], math.log(row["prob"]) if row["prob"] else IMPOSSIBLE)
        for row in token["top"][:most]
    ]


def _row(text: str, logprob: float) -> Json:
    byte = _BYTE.fullmatch(text)
    data = [int(byte[1], 16)] if byte else list(text.encode())
    return {"token": text, "logprob": logprob, "bytes": data}


def _is_unknown(token: Json) -> bool:
    return token["logprob"] is None and token["rank"] is None


def _finite(logprob: float | None) -> float:
    return IMPOSSIBLE if logprob is None else logprob


def _failure(event: Json) -> MavError:
    """The exception for an error event, with its code."""
    kind = type("RunFailed", (RunFailed,), {"code": event["code"], "title": event["title"]})
    error: MavError = kind(
        event["detail"], field=event["field"], retry_after_s=event["retry_after_s"]
    )
    return error
