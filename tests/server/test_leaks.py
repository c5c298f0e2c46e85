"""No path, host name or stack trace of the server is in an answer, whatever fails."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

import mav_engine
from mav_engine.api_keys import KeyFile
from mav_engine.backends import load_backend
from mav_engine.faults import brief
from mav_engine.models.catalog import Catalog
from mav_engine.server.metrics import Metrics
from tests.server.conftest import MakeClient
from tests.server.servers import Models

RUN = {"prompt": "Once", "max_new_tokens": 2}
HOST = "build-host-17.internal"
"""The name of this machine, in these tests."""
PRIVATE = "/srv/private/models/secret-project"
FAULT = f"cannot read {PRIVATE}/model.bin on {HOST} (10.20.30.40)"


@pytest.fixture(autouse=True)
def _named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: HOST.partition(".")[0])


class Broken(Exception):
    """An unexpected exception."""


def check(text: str, *further: str) -> None:
    """Check that an answer has nothing of this machine."""
    own = str(Path(mav_engine.__file__).parents[1])
    names = {PRIVATE, HOST, "10.20.30.40", own, str(Path.home()) + "/", "/tmp/", "site-packages"}
    names |= {"Traceback", 'File "', ", in ", "secret-project", *further}
    assert [name for name in names if name in text] == []


def fail(*_: Any, **__: Any) -> Any:
    raise Broken(FAULT)


ENDPOINTS = {
    "GET /api/run?prompt=a": "start",
    "POST /api/run": "start",
    "POST /api/compare": "compare",
    "POST /api/tokenize": "tokenize",
    "GET /api/models": "list_models",
    "GET /api/health": "health",
    "GET /api/metrics": "text",
    f"GET /api/runs/{'0' * 32}/events": "watch",
    "POST /v1/completions": "start",
    "POST /v1/chat/completions": "start",
    "GET /v1/models": "list_models",
    "GET /v1/models/fake": "list_models",
    "GET /api/ready": "check_ready",
}
BODIES: dict[str, Any] = {
    "POST /api/compare": {"a": RUN, "b": RUN},
    "POST /api/tokenize": {"text": "a"},
    "POST /v1/completions": {"prompt": "a"},
    "POST /v1/chat/completions": {"messages": [{"role": "user", "content": "a"}]},
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_an_unexpected_exception_is_not_described(
    make_client: MakeClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, endpoint: str
) -> None:
    client = make_client(keys_file=tmp_path / "keys.json")
    service = client.app.state.service  # type: ignore[attr-defined]
    owner = Metrics if endpoint == "GET /api/metrics" else type(service)
    monkeypatch.setattr(owner, ENDPOINTS[endpoint], fail)
    method, path = endpoint.split()
    body = BODIES.get(endpoint, RUN) if method == "POST" else None
    headers = {"Host": "127.0.0.1:8000"}
    if endpoint == "GET /api/metrics":
        headers["Authorization"] = "Bearer " + KeyFile(tmp_path / "keys.json").add("a", ["metrics"])
    answer = client.request(method, path, json=body, headers=headers)
    assert answer.status_code == 500
    check(answer.text + str(answer.headers))


@pytest.mark.parametrize("endpoint", [name for name in ENDPOINTS if "POST" in name])
@pytest.mark.parametrize("where", ["load", "step", "tokenizer"])
def test_a_fault_of_a_model_is_not_described(
    make_client: MakeClient, endpoint: str, where: str
) -> None:
    class Faulty(Models):
        def __call__(self, source: str, *, name: str, device: str, dtype: str) -> Any:
            backend = super().__call__(source, name=name, device=device, dtype=dtype)
            if where == "tokenizer":
                backend.vocabulary.encode = fail  # type: ignore[method-assign]
            return backend

    faults = {"load": {"on_load": fail}, "step": {"on_step": fail}}
    client = make_client(Faulty(**faults.get(where, {})))  # type: ignore[arg-type]
    method, path = endpoint.split()
    answer = client.request(method, path, json=BODIES.get(endpoint, RUN))
    is_silent = where == "step" and "tokenize" in endpoint
    assert is_silent or answer.status_code >= 400 or "error" in answer.text
    check(answer.text)


CONFIG = {"model_type": "llama", "vocab_size": 10, "architectures": ["LlamaForCausalLM"]}
FOLDERS: dict[str, dict[str, bytes]] = {
    "without a configuration": {"model.safetensors": b""},
    "with a broken configuration": {"config.json": b"{", "model.safetensors": b""},
    "without weights": {"config.json": json.dumps(CONFIG).encode()},
    "with broken weights": {
        "config.json": json.dumps(CONFIG).encode(),
        "model.safetensors": b"\xff" * 64,
        "tokenizer.json": b"{}",
    },
    "with a broken tokenizer": {
        "config.json": json.dumps(CONFIG).encode(),
        "model.safetensors": (8).to_bytes(8, "little") + b"{}      ",
        "tokenizer.json": b"{]",
    },
    "with an unknown kind of model": {
        "config.json": b'{"model_type": "no-such-type"}',
        "model.safetensors": (8).to_bytes(8, "little") + b"{}      ",
        "tokenizer.json": b"{}",
    },
    "with an index of missing files": {
        "config.json": json.dumps(CONFIG).encode(),
        "model.safetensors.index.json": b'{"weight_map": {"a": "../../../etc/passwd"}}',
        "tokenizer.json": b"{}",
    },
}


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_broken_model_folder_is_named_without_its_path(
    make_client: MakeClient, tmp_path: Path, kind: str
) -> None:
    folder = tmp_path / "secret-place" / "mine"
    folder.mkdir(parents=True)
    for name, content in FOLDERS[kind].items():
        (folder / name).write_bytes(content)
    catalog = Catalog((str(folder),))
    client = make_client(load_backend, offered=catalog, load_patience_s=60)  # type: ignore[arg-type]
    given = {**RUN, "model": "mine"}
    for method, path, body in (
        ("POST", "/api/run", given),
        ("POST", "/api/compare", {"a": RUN, "b": given}),
        ("POST", "/api/tokenize", {"text": "a", "model": "mine"}),
        ("POST", "/v1/completions", {"prompt": "a", "model": "mine"}),
        ("GET", "/api/models", None),
        ("GET", "/v1/models", None),
    ):
        answer = client.request(method, path, json=body)
        assert method == "GET" or answer.status_code >= 400, answer.text
        check(answer.text, "secret-place", str(tmp_path))


@pytest.mark.parametrize("content", [b"no training", b"\0" * 100], ids=["text", "zeros"])
def test_a_training_that_cannot_be_shown(
    make_client: MakeClient, tmp_path: Path, content: bytes
) -> None:
    watched = tmp_path / "secret-place" / "training.jsonl"
    watched.parent.mkdir()
    watched.write_bytes(content)
    client = make_client(watch=watched, training_token="a-token-of-this-site", heartbeat_s=0.1)
    sent = client.post(
        "/api/training?training=abcdefgh",
        content=b"{}\n",
        headers={
            "Content-Type": "application/x-ndjson",
            "Authorization": "Bearer a-token-of-this-site",
        },
    )
    assert sent.status_code >= 400
    check(sent.text, "secret-place", str(tmp_path))


@pytest.mark.parametrize(
    "path",
    [
        "/nothing", "/%00", "/" + "a" * 3000, "/..%2f..%2fetc/passwd", "/index.html/",
        "/api/nothing", "/api/runs/x/events", "/v1/nothing", "/api/openapi.json/x",
    ],
    ids=lambda path: path[:30],
)  # fmt: skip
def test_a_path_that_leads_nowhere(make_client: MakeClient, tmp_path: Path, path: str) -> None:
    for site in (tmp_path / "secret-place", Path(mav_engine.__file__).parents[1] / "frontend/out"):
        answer = make_client(site_dir=site).get(path)
        assert answer.status_code >= 300
        check(answer.text if site.name == "secret-place" else "", "secret-place", str(tmp_path))


def test_a_host_and_an_origin_that_are_refused(make_client: MakeClient) -> None:
    client = make_client()
    for headers in ({"Host": "example.org"}, {"Origin": "https://example.org"}):
        answer = client.get("/api/models", headers=headers)
        assert answer.status_code == 403
        check(answer.text)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("[Errno 2] No such file: '/home/me/a b.bin'", "[Errno 2] No such file: '… b.bin'"),
        (r"cannot open C:\Users\me\x.bin", "cannot open …"),
        ("see ~/models/x, ../y and ./z/w.", "see …, … and …"),
        (f"no answer of {HOST}:8000 (10.20.30.40)", "no answer of …:8000 (…)"),
        ("shapes 3/4 and 1.5 of owner/model differ", "shapes 3/4 and 1.5 of owner/model differ"),
        ("first\nsecond", "first"),
        ("", "without a message"),
    ],
)
def test_the_message_of_an_exception_without_what_is_private(said: str, told: str) -> None:
    assert brief(ValueError(said)) == told
