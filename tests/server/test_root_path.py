"""A site under a path such as /mav: the proxy before it may keep or remove that path."""

from __future__ import annotations

from pathlib import Path

import pytest

from mav_engine.config import read_environment
from mav_engine.errors import InvalidSettings
from tests.server.conftest import MakeClient


@pytest.fixture
def out(tmp_path: Path) -> Path:
    out = tmp_path / "out"
    for name in ("index.html", "docs/index.html", "_next/static/a.js"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(name, encoding="utf-8")
    (out / "404.html").write_text('<base href="/">', encoding="utf-8")
    return out


@pytest.mark.parametrize("prefix", ["/mav", "/tools/mav", ""])
def test_addresses_are_answered_with_the_path_and_without(
    make_client: MakeClient, out: Path, prefix: str
) -> None:
    client = make_client(site_dir=out, root_path="/tools/mav" if "tools" in prefix else "/mav")
    assert client.get(f"{prefix}/").text == "index.html"
    assert client.get(f"{prefix}/api/health").json()["status"] == "ok"
    script = client.get(f"{prefix}/_next/static/a.js")
    assert script.text == "_next/static/a.js"
    assert "immutable" in script.headers["cache-control"]
    assert client.get(f"{prefix}/api/nowhere").headers["content-type"].startswith("application/p")
    run = client.post(f"{prefix}/api/run", json={"prompt": "a", "max_new_tokens": 1})
    assert run.text.endswith("\n\n")
    assert "event: done" in run.text
    moved = client.get(f"{prefix}/docs", follow_redirects=False)
    assert moved.headers["location"] == "docs/"
    for below, home in (("/nowhere", "./"), ("/a/b", "../")):
        assert client.get(f"{prefix}{below}").text == f'<base href="{home}">'


def test_the_path_without_a_slash_is_redirected(make_client: MakeClient, out: Path) -> None:
    client = make_client(site_dir=out, root_path="/mav")
    response = client.get("/mav?prompt=a%20b", follow_redirects=False)
    assert response.status_code == 307
    assert response.headers["location"] == "/mav/?prompt=a%20b"
    assert client.get("/mavis").status_code == 404


def test_the_document_names_the_path(make_client: MakeClient) -> None:
    openapi = make_client(root_path="/mav").get("/mav/api/openapi.json").json()
    assert openapi["servers"] == [{"url": "/mav"}]
    assert "servers" not in make_client().get("/api/openapi.json").json()


@pytest.mark.parametrize(
    ("value", "path"), [("/mav", "/mav"), ("/mav/", "/mav"), ("/a/b-c.d", "/a/b-c.d"), ("/", "")]
)
def test_it_is_read_from_the_environment(value: str, path: str) -> None:
    assert read_environment({"MAV_ROOT_PATH": value}).root_path == path


@pytest.mark.parametrize(
    "value", ["mav", "/a//b", "/a/../b", "/a b", "/a?b", "https://x/mav", "/%2e"]
)
def test_an_invalid_root_path_is_refused(value: str) -> None:
    with pytest.raises(InvalidSettings, match="such as /mav") as caught:
        read_environment({"MAV_ROOT_PATH": value})
    assert caught.value.field == "MAV_ROOT_PATH"
