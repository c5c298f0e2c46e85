"""Paths that any client may send: each answer is a page, a file or a problem, never a 500."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mav_engine.config import ServerConfig
from mav_engine.models.catalog import Catalog
from mav_engine.server.app import create_app
from tests.server.conftest import MakeClient
from tests.server.servers import PATIENCE_S, Models, RealServer

NOT_FOUND = '<!doctype html><head><base href="/"></head>Nothing here. <a href="./">Home</a>'


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site") / "out"
    files = {
        "index.html": "index",
        "404.html": NOT_FOUND,
        "about.html": "about",
        "docs/index.html": "docs",
        "favicon.ico": "icon",
        "_next/static/a.js": "let a",
        "recordings/example.jsonl.gz": "a recording that is itself compressed",
    }
    for name, text in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(text, encoding="utf-8")
    (out / "_next/static/a.js.gz").write_bytes(gzip.compress(b"let a"))
    (out / "_next/static/a.js.br").write_bytes(b"let a")
    return out


@pytest.fixture(scope="module")
def server(out: Path) -> Iterator[RealServer]:
    running = RealServer(create_app(ServerConfig(site_dir=out), Catalog(), Models()))
    yield running
    running.stop()


STRANGE = [
    "/%00",
    "/a%00b",
    "/index.html%00",
    "/%00/%00",
    "/" + "a" * 300,
    "/_next/static/" + "a" * 254,
    "/a" * 5_000,
    "/" + "a" * 20_000,
    "/" + "%C3%A4" * 200,
    "/%ff%fe",
    "/%ed%a0%80",
    "/%e2%80%a8",
    "/%0d%0aX-Injected:%201",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/%2fetc%2fpasswd",
    "/..%5c..%5cwindows%5cwin.ini",
    "/C:%5cwindows",
    "//etc/passwd",
    "/////",
    "/about/more",
    "/favicon.ico/",
    "/index.html/x",
    "/_next",
    "/_next/",
    "/recordings",
    "/404",
    "/404.html",
    "/_next/static/a.js.gz",
    "/_next/static/a.js.br",
    "/~",
    "/?x=%00",
    "/nowhere?x=1#y",
    "/apis",
    "/%0a",
]
ALSO_HOME = {"/////", "/?x=%00"}


@pytest.mark.parametrize("path", STRANGE, ids=lambda path: path[:24])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_strange_paths_are_answered_by_the_site(server: RealServer, path: str, method: str) -> None:
    status, headers, body = _ask(server.port, method, path)
    assert status == (200 if path in ALSO_HOME else 404)
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert "x-injected" not in headers
    if method == "HEAD":
        assert body == b""
    elif status == 404:
        assert b"Nothing here" in body


@pytest.mark.parametrize(
    "path",
    [
        "/api/%00",
        "/api/" + "a" * 20_000,
        "/api/%ff",
        "/api/../x",
        "/api//run",
        "/api/run/",
        "/api/%0aX",
    ],
    ids=lambda path: path[:24],
)
def test_strange_paths_below_api_are_problems(server: RealServer, path: str) -> None:
    status, headers, body = _ask(server.port, "GET", path)
    assert status == 404
    assert headers["content-type"] == "application/problem+json"
    assert len(body) < 1_000


@pytest.mark.parametrize("path", ["/", "/about", "/nowhere", "/%00", "/_next/static/a.js"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"])
def test_other_methods_are_refused_with_those_allowed(
    server: RealServer, path: str, method: str
) -> None:
    response = server.client.request(method, path)
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"
    assert response.json()["code"] == "method_not_allowed"


def test_a_folder_is_redirected_without_naming_the_host(server: RealServer) -> None:
    response = server.client.get("/docs?a=1", follow_redirects=False)
    assert response.status_code == 307
    assert response.headers["location"] == "docs/?a=1"


def test_a_page_is_found_with_a_slash_at_its_end(server: RealServer) -> None:
    response = server.client.get("/about/?a=1", follow_redirects=False)
    assert response.status_code == 307
    assert response.headers["location"] == "../about?a=1"
    assert server.client.get("/about/", follow_redirects=True).status_code == 200


@pytest.mark.parametrize(
    ("path", "home"),
    [
        ("/nowhere", "./"),
        ("/a/b/c", "../../"),
        ("/a%2fb/c", "../"),
        ("/a/b/", "../../"),
        ("/a" * 500, "/"),
    ],
    ids=lambda text: text[:12],
)
def test_the_page_for_missing_addresses_leads_home(
    server: RealServer, path: str, home: str
) -> None:
    response = server.client.get(path)
    assert response.status_code == 404
    assert f'<base href="{home}">' in response.text
    assert response.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_parts_of_files(server: RealServer, out: Path, coding: str) -> None:
    client = server.client
    whole = (out / "_next/static/a.js").read_bytes()
    if coding == "gzip":
        whole = (out / "_next/static/a.js.gz").read_bytes()
    headers = {"Accept-Encoding": coding, "Range": "bytes=1-3"}
    with client.stream("GET", "/_next/static/a.js", headers=headers) as part:
        sent = b"".join(part.iter_raw())
    assert part.status_code == 206
    assert part.headers.get("content-encoding", "identity") == coding
    assert sent == whole[1:4]
    assert part.headers["content-range"] == f"bytes 1-3/{len(whole)}"


@pytest.mark.parametrize("wanted", ["bytes=99999-", "bytes=-0", "bytes=99999-100000"])
def test_parts_that_are_not_there(server: RealServer, wanted: str) -> None:
    headers = {"Accept-Encoding": "gzip", "Range": wanted}
    response = server.client.get("/_next/static/a.js", headers=headers)
    assert response.status_code == 416
    assert response.headers["content-range"].startswith("bytes */")
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize(
    "wanted",
    [
        "lines=1-2", "bytes=x-y", "bytes=5-1", "bytes=", "bytes", "", "=", "bytes=-", "bytes=1",
        "bytes=1-2-3", "bytes=1-2,5-6", "bytes=0-0,99999-", "bytes=+1-2", "bytes 1-2",
        f"bytes={'1' * 5000}-", "bytes=0-," * 200,
    ],
)  # fmt: skip
def test_ranges_of_another_kind_are_ignored(server: RealServer, out: Path, wanted: str) -> None:
    response = server.client.get("/_next/static/a.js", headers={"Range": wanted})
    assert response.status_code == 200
    assert response.content == (out / "_next/static/a.js").read_bytes()


def test_only_one_range_of_a_get_request_counts(server: RealServer) -> None:
    head = server.client.head("/_next/static/a.js", headers={"Range": "bytes=1-3"})
    assert head.status_code == 200
    two = [("Range", "bytes=1-3"), ("Range", "lines=1-3")]
    assert server.client.get("/_next/static/a.js", headers=two).status_code == 200


def test_each_coding_has_a_tag_of_its_own(server: RealServer) -> None:
    client = server.client
    path = "/_next/static/a.js"
    tags = {
        coding: client.head(path, headers={"Accept-Encoding": coding}).headers["etag"]
        for coding in ("identity", "gzip")
    }
    assert tags["identity"] != tags["gzip"]
    for coding, tag in tags.items():
        headers = {"Accept-Encoding": coding, "If-None-Match": f'"other", W/{tag}'}
        assert client.get(path, headers=headers).status_code == 304
        other = {"Accept-Encoding": coding, "If-None-Match": '"other"'}
        assert client.get(path, headers=other).status_code == 200


def test_a_file_that_is_compressed_itself_is_served(server: RealServer) -> None:
    response = server.client.get("/recordings/example.jsonl.gz")
    assert response.status_code == 200
    assert response.content == b"a recording that is itself compressed"


def test_without_a_site_nothing_else_is_there(make_client: MakeClient, tmp_path: Path) -> None:
    client = make_client(site_dir=tmp_path / "absent")
    for path in ("/%00", "/nowhere", "/" + "a" * 300, "/favicon.ico"):
        response = client.get(path)
        assert response.status_code == 404
        assert response.json()["code"] == "not_found"
    assert client.get("/").status_code == 200
    assert client.post("/").status_code == 405


def test_a_request_line_that_is_not_ascii_leaves_the_server_up(server: RealServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as connection:
        connection.sendall(b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").readline()
    assert b" 500 " not in answer
    assert server.client.get("/").status_code == 200


def _ask(port: int, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
    """Send a path as it is: HTTP clients would normalise it."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        answer = connection.makefile("rb").read()
    head_bytes, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head_bytes.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, body


@pytest.mark.parametrize("path", ["/api", "/api/"])
def test_the_root_of_the_api_lists_its_operations(server: RealServer, path: str) -> None:
    response = server.client.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    operations = {(each["method"], each["path"]) for each in response.json()["operations"]}
    assert {("POST", "/api/run"), ("GET", "/api/models"), ("GET", "/api/openapi.json")} < operations
    assert all(each["summary"] for each in response.json()["operations"])
