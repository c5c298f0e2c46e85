"""Several clients of one model at once: each gets the stream that it would get alone."""

from __future__ import annotations

import threading
from typing import Any

import httpx2
import pytest

from mav_engine.config import ServerConfig
from mav_engine.server.app import create_app
from tests.server.servers import PATIENCE_S, RealServer, events_in, read_events, types

ASKED: list[dict[str, Any]] = [
    {"prompt": "Once upon a time, there was a little girl", "max_new_tokens": 20},
    {"prompt": "One day", "max_new_tokens": 12, "temperature": 0.9, "seed": 1},
    {"prompt": "One day", "max_new_tokens": 25, "temperature": 0.9, "seed": 2},
    {"prompt": "The sun", "max_new_tokens": 15, "capture": ["attention_rows"]},
    {"prompt": "Tom went to the park. " * 10, "max_new_tokens": 18},
    {"prompt": "A big bear", "max_new_tokens": 14, "forced_ids": [5, 6, 7, 8]},
    {"prompt": "Mom said", "max_new_tokens": 6},
    {"prompt": "Ben had a red ball and", "max_new_tokens": 22, "min_new_tokens": 22},
]


def test_eight_clients_get_what_each_would_get_alone() -> None:
    server = RealServer(create_app(ServerConfig()))
    try:
        server.client.post("/api/tokenize", json={"text": "Load."})
        expected = [
            read_events(server.client.post("/api/run", json=settings)) for settings in ASKED
        ]
        answers: list[list[dict[str, Any]]] = [[] for _ in ASKED]
        start = threading.Barrier(len(ASKED))

        def ask(index: int) -> None:
            with httpx2.Client(base_url=server.url, timeout=PATIENCE_S) as client:
                start.wait(PATIENCE_S)
                with client.stream("POST", "/api/run", json=ASKED[index]) as response:
                    answers[index] = list(events_in(response.iter_lines()))

        clients = [threading.Thread(target=ask, args=(index,)) for index in range(len(ASKED))]
        for client in clients:
            client.start()
        for client in clients:
            client.join(2 * PATIENCE_S)
    finally:
        server.stop()
    for ours, theirs in zip(answers, expected, strict=True):
        assert "queued" not in types(ours)
        assert types(ours) == types(theirs)
        assert ours[-1]["text"] == theirs[-1]["text"]
        for one, other in zip(ours, theirs, strict=True):
            if one["type"] == "token":
                _assert_alike(one, other)


def _assert_alike(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (one["token"], one["text"], one["forced"]) == (
        other["token"],
        other["text"],
        other["forced"],
    )
    assert one["logprob"] == pytest.approx(other["logprob"], rel=1e-4, abs=1e-5)
    for name, values in other["layers"].items():
        assert one["layers"][name] == pytest.approx(values, rel=1e-4) if _is_row(values) else True
    logits = [row["logit"] for row in other["top"]]
    assert [row["logit"] for row in one["top"]] == pytest.approx(logits, rel=1e-4)


def _is_row(values: Any) -> bool:
    return isinstance(values, list) and not isinstance(values[0], list)
