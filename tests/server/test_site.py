"""The built site, served beside the API."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from tests.server.conftest import MakeClient


@pytest.fixture
def out(tmp_path: Path) -> Path:
    out = tmp_path / "out"
    for name in ("index.html", "about.html", "404.html", "_next/static/a.js", "docs/index.html"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(name, encoding="utf-8")
    return out


def test_pages_and_files_are_served_with_the_right_cache(
    make_client: MakeClient, out: Path
) -> None:
    client = make_client(site_dir=out)
    for path, text in (
        ("/", "index.html"),
        ("/about", "about.html"),
        ("/docs/", "docs/index.html"),
    ):
        response = client.get(path)
        assert (response.status_code, response.text) == (200, text)
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert response.headers["cache-control"] == "no-cache"
    script = client.get("/_next/static/a.js")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    again = client.get("/", headers={"If-None-Match": client.get("/").headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip;q=1.0, br;q=0", "gzip"),
        ("GZIP", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
def test_the_smallest_copy_that_a_client_can_read_is_sent(
    make_client: MakeClient, out: Path, accepted: str, coding: str | None
) -> None:
    script = out / "_next/static/a.js"
    text = "let a = 0;" * 100
    script.write_text(text, encoding="utf-8")
    (out / "_next/static/a.js.gz").write_bytes(gzip.compress(text.encode()))
    # Replaces Brotli, which Python's standard library lacks: the bytes are sent unchanged.
    (out / "_next/static/a.js.br").write_bytes(b"small")
    client = make_client(site_dir=out)
    with client.stream(
        "GET", "/_next/static/a.js", headers={"Accept-Encoding": accepted}
    ) as response:
        sent = b"".join(response.iter_raw())
    assert response.headers.get("content-encoding") == coding
    assert response.headers["vary"] == "Accept-Encoding"
    assert response.headers["content-type"].startswith("text/javascript")
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    unpack = {"br": lambda _: text.encode(), "gzip": gzip.decompress, None: bytes}[coding]
    assert unpack(sent) == text.encode()
    assert len(sent) == int(response.headers["content-length"])


def test_a_copy_older_than_its_file_is_not_sent(make_client: MakeClient, out: Path) -> None:
    copy = out / "index.html.gz"
    copy.write_bytes(gzip.compress(b"yesterday"))
    built = (out / "index.html").stat().st_mtime
    os.utime(copy, (built - 60, built - 60))
    response = make_client(site_dir=out).get("/", headers={"Accept-Encoding": "gzip"})
    assert response.text == "index.html"
    assert "content-encoding" not in response.headers


def test_a_missing_page_is_the_sites_own_404(make_client: MakeClient, out: Path) -> None:
    client = make_client(site_dir=out)
    response = client.get("/nowhere")
    assert (response.status_code, response.text) == (404, "404.html")
    assert client.get("/..%2f..%2fetc/passwd").status_code == 404
    assert client.get("/api/nowhere").headers["content-type"] == "application/problem+json"


def test_without_a_site_a_page_explains_how_to_build_it(make_client: MakeClient, out: Path) -> None:
    client = make_client(site_dir=out / "later")
    response = client.get("/")
    assert response.status_code == 200
    assert "make run" in response.text
    assert client.get("/nowhere").status_code == 404
    (out / "later").mkdir()
    (out / "later" / "index.html").write_text("built", encoding="utf-8")
    assert client.get("/").text == "built"


def test_other_origins_are_allowed_only_if_configured(make_client: MakeClient) -> None:
    origin = {"Origin": "https://elsewhere.example"}
    closed = make_client().get("/api/health", headers=origin)
    assert "access-control-allow-origin" not in closed.headers
    client = make_client(allowed_origins=("https://elsewhere.example",))
    opened = client.get("/api/health", headers=origin)
    assert opened.headers["access-control-allow-origin"] == "https://elsewhere.example"
    headers = {
        **origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    assert client.options("/api/run", headers=headers).status_code == 200


def test_models_of_the_package_are_served_as_files_of_the_site(
    make_client: MakeClient, out: Path
) -> None:
    client = make_client(site_dir=out)
    config = client.get("/models/mav-tiny/config.json")
    assert config.json()["num_hidden_layers"] == 6
    assert config.headers["cache-control"] == "no-cache"
    for path in (
        "/models/mav-tiny/README.md",
        "/models/none/config.json",
        "/models/mav-tiny/none.json",
    ):
        assert client.get(path).status_code == 404


def test_only_the_worker_may_fetch_and_compile(make_client: MakeClient, out: Path) -> None:
    (out / "local").mkdir()
    for name in ("worker.js", "other.js"):
        (out / "local" / name).write_text("let a", encoding="utf-8")
    client = make_client(site_dir=out)
    policies = {
        name: client.get(f"/local/{name}").headers["content-security-policy"]
        for name in ("worker.js", "other.js")
    }
    assert "script-src 'self' 'wasm-unsafe-eval'" in policies["worker.js"]
    assert "connect-src 'self'" in policies["worker.js"]
    assert "wasm" not in policies["other.js"]
