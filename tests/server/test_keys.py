"""API keys: what `mav keys` writes, and what a server accepts."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from mav_engine.api_keys import SCOPES, KeyFile
from mav_engine.errors import InvalidSettings
from tests.mav_command import mav
from tests.server.conftest import MakeClient
from tests.server.servers import problem, read_events

RUN = {"prompt": "Once", "max_new_tokens": 2}
MASTER = "the-key-of-this-server"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings" / "keys.json"


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_the_command_adds_lists_and_revokes(path: Path) -> None:
    added = mav("keys", "add", "laptop", "--scope", "run", "--file", str(path))
    assert added.returncode == 0, added.stderr
    key = added.stdout.strip()
    assert key.startswith("mav_")
    assert len(key) > 40
    content = path.read_text(encoding="utf-8")
    assert key not in content
    assert hashlib.sha256(key.encode()).hexdigest() in content
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    listed = mav("keys", "list", MAV_KEYS_FILE=str(path)).stdout
    assert [(each["name"], each["scopes"]) for each in map(json.loads, listed.splitlines())] == [
        ("laptop", ["run"])
    ]
    assert key not in listed
    assert mav("keys", MAV_KEYS_FILE=str(path)).stdout == listed
    again = mav("keys", "add", "laptop", MAV_KEYS_FILE=str(path))
    assert again.returncode != 0
    assert "Choose another name" in again.stderr
    wrong = mav("keys", "revoke", "labtop", MAV_KEYS_FILE=str(path))
    assert (wrong.returncode, "Did you mean laptop?" in wrong.stderr) == (1, True)
    assert mav("keys", "revoke", "laptop", MAV_KEYS_FILE=str(path)).returncode == 0
    assert mav("keys", "list", MAV_KEYS_FILE=str(path)).stdout == ""
    scope = mav("keys", "add", "phone", "--scope", "runs", MAV_KEYS_FILE=str(path))
    assert "Did you mean run?" in scope.stderr


def test_keys_that_are_added_at_once_are_all_there(path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda n: KeyFile(path).add(f"key {n}", ["run"]), range(16)))
    assert len(set(made)) == 16
    assert all(KeyFile(path).find(each) for each in made)


def test_a_file_that_cannot_be_written_stays_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = KeyFile(path).add("first", ["run"])

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            KeyFile(path).add("second", ["run"])
    assert [each.name for each in KeyFile(path).all()] == ["first"]
    assert KeyFile(path).find(first)
    assert {each.name for each in path.parent.iterdir()} <= {"keys.json", "keys.json.lock"}


@pytest.mark.parametrize("name", ["", " ", "a" * 65, "a\nb"])
def test_names_are_printable_and_short(path: Path, name: str) -> None:
    with pytest.raises(InvalidSettings, match="name of a key"):
        KeyFile(path).add(name, ["run"])


def test_a_server_requires_a_key_with_the_right_scope(make_client: MakeClient, path: Path) -> None:
    keys = KeyFile(path)
    given = {scope: keys.add(scope, [scope]) for scope in SCOPES}
    client = make_client(require_key=True, keys_file=path)
    asked = {
        ("POST", "/api/run"): "run",
        ("POST", "/api/tokenize"): "run",
        ("GET", f"/api/runs/{'0' * 32}/events"): "run",
        ("POST", "/v1/chat/completions"): "run",
        ("POST", "/v1/completions"): "run",
        ("POST", "/api/compare"): "compare",
        ("GET", "/api/models"): "models",
        ("GET", "/v1/models"): "models",
        ("GET", "/api/training"): "training",
    }
    for (method, where), needed in asked.items():
        for sent in ({}, bearer("another"), {"Authorization": given[needed]}):
            refused = client.request(method, where, json={}, headers=sent)
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
            assert str(path.parent) not in refused.text
        for scope, key in given.items():
            status = client.request(method, where, json={}, headers=bearer(key)).status_code
            assert (status == 403) == (scope != needed), (where, scope, status)
            assert status != 401
    error = problem(client.post("/api/run", json=RUN))
    assert (error["code"], error["field"]) == ("key_refused", "Authorization")
    assert "mav keys add" in error["detail"]
    error = problem(client.post("/api/run", json=RUN, headers=bearer(given["models"])))
    assert (error["code"], error["status"]) == ("scope_missing", 403)
    answered = client.post("/api/run", json=RUN, headers=bearer(given["run"]))
    assert read_events(answered)[-1]["type"] == "done"


def test_what_describes_the_server_is_open(make_client: MakeClient, path: Path) -> None:
    client = make_client(require_key=True, keys_file=path)
    for where in ("health", "openapi.json", ""):
        assert client.get(f"/api/{where}").status_code == 200
    # A wrong key is not refused where none is needed.
    assert client.get("/api/openapi.json", headers=bearer("another")).status_code == 200


def test_a_running_server_sees_new_and_revoked_keys(make_client: MakeClient, path: Path) -> None:
    client = make_client(require_key=True, keys_file=path)
    assert client.get("/api/models").status_code == 401
    key = KeyFile(path).add("laptop", ["models"])
    assert client.get("/api/models", headers=bearer(key)).status_code == 200
    KeyFile(path).revoke("laptop")
    assert client.get("/api/models", headers=bearer(key)).status_code == 401


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"version": 2, "keys": []}',
        '{"version": 1, "keys": [{"id": "a"}]}',
        '{"version": 1, "keys": [{"id": "a", "name": "a", "scopes": ["all"], "created": "",'
        f' "sha256": "{"0" * 64}"}}]}}',
        '{"version": 1, "keys": [{"id": "a", "name": "a", "scopes": ["run"], "created": "",'
        ' "sha256": "1"}]}',
        "\0\xff",
        "[" * 100_000,
    ],
)
def test_a_broken_file_accepts_nobody_and_names_no_path(
    make_client: MakeClient, path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    key = KeyFile(path).add("laptop", ["models"])
    client = make_client(require_key=True, keys_file=path)
    assert client.get("/api/models", headers=bearer(key)).status_code == 200
    whole = path.read_text(encoding="utf-8")
    path.write_text(content, encoding="utf-8")
    refused = client.get("/api/models", headers=bearer(key))
    assert problem(refused)["code"] == "keys_unreadable"
    assert refused.status_code == 503
    assert "keys.json" not in refused.text
    assert str(path) in caplog.text
    listed = mav("keys", "list", MAV_KEYS_FILE=str(path)) if content == "{" else None
    assert listed is None or (listed.returncode == 1 and "Traceback" not in listed.stderr)
    with pytest.raises(Exception, match="cannot be read"):
        KeyFile(path).add("another", ["run"])
    assert path.read_text(encoding="utf-8") == content, "it is not overwritten"
    # Where keys are not required, it does no harm.
    assert make_client(keys_file=path).get("/api/models", headers=bearer(key)).status_code == 200
    path.write_text(whole, encoding="utf-8")
    assert client.get("/api/models", headers=bearer(key)).status_code == 200


def test_a_server_with_a_key_of_its_own_takes_both(make_client: MakeClient, path: Path) -> None:
    key = KeyFile(path).add("laptop", ["models"])
    own = make_client(key=MASTER, keys_file=path)
    assert own.get("/api/models", headers=bearer(key)).status_code == 401
    assert own.get("/api/models", headers=bearer(MASTER)).status_code == 200
    both = make_client(key=MASTER, require_key=True, keys_file=path)
    for given in (key, MASTER):
        assert both.get("/api/models", headers=bearer(given)).status_code == 200
    assert both.get("/api/models").status_code == 401
    assert both.post("/api/run", json=RUN, headers=bearer(MASTER)).status_code == 200


def test_keys_that_are_not_required_are_not_asked_for(client: TestClient) -> None:
    for sent in ({}, bearer("sk-anything")):
        assert client.get("/v1/models", headers=sent).status_code == 200


def test_an_allowed_site_may_send_a_key(make_client: MakeClient) -> None:
    site = "https://example.org"
    client = make_client(allowed_origins=(site,))
    asked = {
        "Origin": site,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    answer = client.options("/api/run", headers=asked)
    assert answer.status_code == 200
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()
    closed = make_client().options("/api/run", headers=asked)
    assert "access-control-allow-origin" not in closed.headers


def test_a_server_refuses_to_start_with_a_broken_file(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("{", encoding="utf-8")
    environment = {"MAV_REQUIRE_KEY": "1", "MAV_KEYS_FILE": str(path)}
    ended = mav("serve", "--port", "0", **environment)
    assert ended.returncode == 1
    assert "cannot be read" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_reading_and_changing_at_the_same_time_never_fails(path: Path) -> None:
    keys, ended = KeyFile(path), threading.Event()
    first = keys.add("first", ["run"])
    lost: list[int] = []

    def read() -> None:
        server = KeyFile(path)
        while not ended.is_set():
            if server.find(first) is None:
                lost.append(1)

    reading = threading.Thread(target=read)
    reading.start()
    for number in range(20):
        keys.add(f"key {number}", ["run"])
        keys.revoke(f"key {number}")
    ended.set()
    reading.join()
    assert lost == []
